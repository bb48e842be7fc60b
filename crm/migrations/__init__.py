"""The history of the schema (Alembic); run by `crm.db.upgrade`, never by hand."""
