"""${message}"""

import sqlalchemy as sa
from alembic import op

from skills_lib.trades.store.money import Money

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
