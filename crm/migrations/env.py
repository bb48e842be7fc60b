"""Alembic's entry: compares `crm.models` with the database over the connection that `crm.db` hands in."""

from alembic import context

from crm.models import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a column; Alembic copies the table instead
    compare_type=True,
    transaction_per_migration=False,  # all or nothing: `crm.db.upgrade` holds the transaction
)
with context.begin_transaction():
    context.run_migrations()
