"""All tables of the first release."""

from alembic import op

from data.schema import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table; until the first release this is what data/schema.py says."""
    metadata.create_all(op.get_bind())
    op.execute("INSERT INTO data_version (id, version) VALUES (1, 0)")
