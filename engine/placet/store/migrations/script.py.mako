"""${message}"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None
works_from = ${repr(down_revision)}  # the oldest revision whose release goes on working on these tables


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
