"""Words of cards and journal rows

Revision ID: 0006_search
Revises: 0005_consents
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id

revision = "0006_search"
down_revision = "0005_consents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "search_word",
        sa.Column("id", Id, nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_word")),
        sa.UniqueConstraint("word", name=op.f("uq_search_word_word")),
    )
    op.create_table(
        "family_word",
        sa.Column("word_id", Id, autoincrement=False, nullable=False),
        sa.Column("family_id", Id, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_family_word_family_id_family")),
        sa.ForeignKeyConstraint(["word_id"], ["search_word.id"], name=op.f("fk_family_word_word_id_search_word")),
        sa.PrimaryKeyConstraint("word_id", "family_id", "place", name=op.f("pk_family_word")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("family_word", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_family_word_family_id"), ["family_id"], unique=False)

    op.create_table(
        "entry_word",
        sa.Column("word_id", Id, autoincrement=False, nullable=False),
        sa.Column("entry_id", Id, nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["journal_entry.id"], name=op.f("fk_entry_word_entry_id_journal_entry")),
        sa.ForeignKeyConstraint(["word_id"], ["search_word.id"], name=op.f("fk_entry_word_word_id_search_word")),
        sa.PrimaryKeyConstraint("word_id", "entry_id", name=op.f("pk_entry_word")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("entry_word", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entry_word_entry_id"), ["entry_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("entry_word", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entry_word_entry_id"))

    op.drop_table("entry_word")
    with op.batch_alter_table("family_word", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_family_word_family_id"))

    op.drop_table("family_word")
    op.drop_table("search_word")
