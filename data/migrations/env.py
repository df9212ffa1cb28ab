"""Runs the migrations on the connection that data/migrate.py hands over, inside its transaction."""

from alembic import context

from data.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite can roll back CREATE TABLE as well, once its driver does not commit behind our back (data/database.py).
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
