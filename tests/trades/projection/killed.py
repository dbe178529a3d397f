"""A projector that is killed by the system at its n-th write to the store.

python -m tests.trades.projection.killed JOURNAL STORE N before|after
"""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from skills_lib.trades.projection.projector import project
from skills_lib.trades.projection.source import JournalSource
from skills_lib.trades.store.address import parse_address
from skills_lib.trades.store.rows import StoredRow
from skills_lib.trades.store.sql_store import SqlStore


class KilledStore(SqlStore):
    """A store whose process ends by SIGKILL at a write: before it, in its transaction, or after it."""

    at, when, writes = 0, "", 0

    def write(self, rows: Sequence[StoredRow], *, keep: bool = False) -> Any:
        """Write, unless it is the one."""
        self.writes += 1
        if self.writes == self.at and self.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.writes == self.at and self.when == "within":
            with self.engine.begin() as connection:
                connection.exec_driver_sql("delete from fills")
                os.kill(os.getpid(), signal.SIGKILL)
        found = super().write(rows, keep=keep)
        if self.writes == self.at and self.when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return found


def main(journal: str, url: str, at: str, when: str) -> None:
    """Project until the kill, or to the end."""
    store = KilledStore(parse_address(url))
    store.at, store.when = int(at), when
    project(store, JournalSource(Path(journal), "binance-simulator", "paper"), batch_rows=4)


if __name__ == "__main__":
    main(*sys.argv[1:])
