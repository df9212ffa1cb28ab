"""All tables of the first release."""

from alembic import op

from data import row_security
from data.schema import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table; until the first release this is what data/schema.py says."""
    metadata.create_all(op.get_bind())
    row_security.set_up(op.get_bind())
    op.execute("INSERT INTO data_version (id, version) VALUES (1, 0)")
