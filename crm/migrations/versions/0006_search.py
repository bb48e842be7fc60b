"""Words of cards and journal rows; those that are there already are indexed

Revision ID: 0006_search
Revises: 0005_consents
"""

import sqlalchemy as sa
from alembic import op

from crm.base import Id
from crm.search.index import places_of
from crm.search.journal import LONGEST_TEXT
from crm.search.words import CHUNK, words_of

revision = "0006_search"
down_revision = "0005_consents"
branch_labels = None
depends_on = None

CARDS_AT_ONCE = 1_000
ROWS_AT_ONCE = 500


def upgrade() -> None:
    word = op.create_table(
        "search_word",
        sa.Column("id", Id, nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("of_cards", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_word")),
        sa.UniqueConstraint("word", name=op.f("uq_search_word_word")),
    )
    with op.batch_alter_table("search_word", schema=None) as batch_op:
        batch_op.create_index(
            "ix_search_word_of_cards",
            ["word"],
            unique=False,
            sqlite_where=sa.text("of_cards = 1"),
            postgresql_where=sa.text("of_cards"),
        )

    family_word = op.create_table(
        "family_word",
        sa.Column("word_id", Id, autoincrement=False, nullable=False),
        sa.Column("place", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("family_id", Id, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["family_id"], ["family.id"], name=op.f("fk_family_word_family_id_family")),
        sa.ForeignKeyConstraint(["word_id"], ["search_word.id"], name=op.f("fk_family_word_word_id_search_word")),
        sa.PrimaryKeyConstraint("word_id", "place", "family_id", name=op.f("pk_family_word")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("family_word", schema=None) as batch_op:
        batch_op.create_index("ix_family_word_family_id_word_id", ["family_id", "word_id"], unique=False)

    entry_word = op.create_table(
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

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(
            "ix_person_applicant",
            ["search_key", "birth_date"],
            unique=False,
            sqlite_where=sa.text("is_applicant = 1"),
            postgresql_where=sa.text("is_applicant"),
        )

    known: dict[str, int] = {}
    _index_cards(op.get_bind(), word, family_word, known)
    _index_rows(op.get_bind(), word, entry_word, known)


def _index_cards(bind: sa.Connection, word: sa.Table, family_word: sa.Table, known: dict[str, int]) -> None:
    """The columns are named here, not taken from the models: those belong to a later schema one day."""
    family = sa.table("family", *map(sa.column, ("id", "name", "address", "locality", "state")))
    names = ("family_id", "surname", "name", "patronymic", "is_applicant", "left_at")
    person = sa.table("person", *map(sa.column, names))
    last = 0
    while True:
        page = sa.select(family.c.id, family.c.name, family.c.address, family.c.locality).where(family.c.id > last)
        cards = bind.execute(page.where(family.c.state == "active").order_by(family.c.id).limit(CARDS_AT_ONCE)).all()
        if not cards:
            return
        last = cards[-1].id
        people: dict[int, list[tuple[str, str, str, bool, bool]]] = {}
        members = sa.select(*person.c).where(person.c.family_id.in_([card.id for card in cards]))
        for family_id, surname, name, patronymic, is_applicant, left_at in bind.execute(members):
            people.setdefault(family_id, []).append(
                (surname, name, patronymic, bool(is_applicant), left_at is not None)
            )
        places = {card.id: places_of(card.name, card.address, card.locality, people.get(card.id, ())) for card in cards}
        _learn(bind, word, known, {text for of_card in places.values() for text in of_card}, of_cards=True)
        rows = [
            {"word_id": known[text], "place": int(place), "family_id": family_id}
            for family_id, of_card in places.items()
            for text, place in of_card.items()
        ]
        if rows:
            bind.execute(family_word.insert(), rows)


def _index_rows(bind: sa.Connection, word: sa.Table, entry_word: sa.Table, known: dict[str, int]) -> None:
    """As `crm.search.journal.texts_of`, for rows that stand in the journal."""
    names = ("applicant_name", "family_brief", "substance", "topic", "measures", "final_result")
    entry = sa.table("journal_entry", *map(sa.column, ("id", "state", *names)))
    last = 0
    while True:
        page = sa.select(entry.c.id, *(entry.c[name] for name in names)).where(entry.c.id > last)
        rows = bind.execute(page.where(entry.c.state == "saved").order_by(entry.c.id).limit(ROWS_AT_ONCE)).all()
        if not rows:
            return
        last = rows[-1].id
        words = {id_: {one for text in texts for one in words_of(text[:LONGEST_TEXT])} for id_, *texts in rows}
        _learn(bind, word, known, set().union(*words.values()), of_cards=False)
        values = [{"word_id": known[one], "entry_id": id_} for id_, of_row in words.items() for one in sorted(of_row)]
        if values:
            bind.execute(entry_word.insert(), values)


def _learn(bind: sa.Connection, word: sa.Table, known: dict[str, int], words: set[str], *, of_cards: bool) -> None:
    new = sorted(words - known.keys())
    if new:
        bind.execute(word.insert(), [{"word": text, "of_cards": of_cards} for text in new])
    for start in range(0, len(new), CHUNK):
        added = sa.select(word.c.word, word.c.id).where(word.c.word.in_(new[start : start + CHUNK]))
        known.update((row.word, row.id) for row in bind.execute(added))


def downgrade() -> None:
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_index("ix_person_applicant")

    with op.batch_alter_table("entry_word", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_entry_word_entry_id"))

    op.drop_table("entry_word")
    with op.batch_alter_table("family_word", schema=None) as batch_op:
        batch_op.drop_index("ix_family_word_family_id_word_id")

    op.drop_table("family_word")
    with op.batch_alter_table("search_word", schema=None) as batch_op:
        batch_op.drop_index("ix_search_word_of_cards")

    op.drop_table("search_word")
