"""Making a store and bringing it up to date: in one transaction, never beside the tables of others."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from skills_lib.domain.errors import InputError
from skills_lib.trades.store.address import Backend, StoreAddress, parse_address
from skills_lib.trades.store.errors import NotAStoreError, StoreBusyError, clear_errors
from skills_lib.trades.store.migrations.running import initialise, migrate, newest_version
from skills_lib.trades.store.row_security import supabase_sql
from skills_lib.trades.store.rows import StoredFill
from skills_lib.trades.store.schema import OWNER, VERSION_TABLE, metadata
from skills_lib.trades.store.sql_store import SqlStore
from tests.repository import ROOT
from tests.trades.store.examples import fill
from tests.trades.store.roles import SQL_FILE

LATER = """
import time
from pathlib import Path
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("alter table fills add column later text")
    op.execute("delete from fills")
    print("half done", flush=True)
    {then}
"""
"""A migration that the next program might have."""
MIGRATE = """
import sys
from pathlib import Path
from skills_lib.trades.store.address import parse_address
from skills_lib.trades.store.migrations.running import migrate
from skills_lib.trades.store.sql_store import SqlStore
address = parse_address(sys.argv[1])
migrate(SqlStore(address).engine, address, Path(sys.argv[2]))
"""


def later_migration(folder: Path, then: str = "pass") -> Path:
    folder.mkdir()
    (folder / "v0002_later.py").write_text(LATER.format(then=then), encoding="utf-8")
    return folder


@contextmanager
def filled(address: StoreAddress) -> Iterator[SqlStore]:
    """A new store with ten fills."""
    with SqlStore(address) as store:
        initialise(store.engine, address)
        store.write([fill(i) for i in range(10)])
        yield store


def test_the_migrations_make_the_tables_of_the_rows(address: StoreAddress) -> None:
    with SqlStore(address) as store:
        assert initialise(store.engine, address) == newest_version()
        with store.engine.connect() as connection:
            options = {"compare_type": True, "include_name": lambda name, kind, _: name != VERSION_TABLE}
            found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    assert [change for change in found if "brin" not in str(change) or address.backend is Backend.POSTGRESQL] == []


def test_the_file_for_supabase_makes_the_same_tables() -> None:
    assert SQL_FILE.read_text(encoding="utf-8") == supabase_sql(newest_version())


def test_a_store_that_is_there_stays_as_it_is(address: StoreAddress) -> None:
    with filled(address) as store:
        initialise(store.engine, address)
        assert migrate(store.engine, address) == (newest_version(), newest_version())
        assert store.count(StoredFill) == 10


def test_a_database_with_tables_of_others_is_left_alone_until_a_person_names_it(address: StoreAddress) -> None:
    with SqlStore(address) as store:
        with store.engine.begin() as connection:
            connection.execute(text("create table invoices (amount text)"))
            connection.execute(text("insert into invoices values ('12')"))
        with pytest.raises(InputError, match=r"holds tables of others: invoices.*`into_existing`"):
            initialise(store.engine, address)
        with pytest.raises(NotAStoreError, match="has no store"):
            store.check()
        initialise(store.engine, address, into_existing=True)
        with store.engine.connect() as connection:
            assert connection.execute(text("select amount from invoices")).scalar() == "12"


def test_a_table_of_the_same_name_is_never_taken_over(address: StoreAddress) -> None:
    with SqlStore(address) as store:
        with store.engine.begin() as connection:
            connection.execute(text("create table fills (amount text)"))
        with pytest.raises(InputError, match="has a table fills that this program did not make"):
            initialise(store.engine, address, into_existing=True)


def test_a_schema_of_its_own_is_made_beside_the_tables_of_others(postgres_url: str) -> None:
    address = parse_address(postgres_url, schema="twokey")
    with SqlStore(address) as store:
        with store.engine.begin() as connection:
            connection.execute(text("create table public.fills (amount text)"))
        initialise(store.engine, address)
        for number in (2, 300):
            store.check().write([fill(i) for i in range(number)])
        assert store.count(StoredFill) == 300


def test_a_migration_that_was_killed_midway_lost_nothing_and_runs_again(address: StoreAddress, tmp_path: Path) -> None:
    with filled(address) as store:
        folder = later_migration(tmp_path / "later", "time.sleep(60)")
        command = [sys.executable, "-c", dedent(MIGRATE), address.url, str(folder)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "half done\n"
            process.kill()
        assert store.check().count(StoredFill) == 10
        again = later_migration(tmp_path / "again")
        assert migrate(store.engine, address, again) == (1, 2)
        with store.engine.connect() as connection:
            assert connection.execute(text("select count(later) from fills")).scalar() == 0


def test_a_migration_gives_up_where_somebody_holds_a_table(
    address: StoreAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("skills_lib.trades.store.migrations.running.LOCK_S", 0.2)
    monkeypatch.setattr("skills_lib.trades.store.opening.BUSY_S", 0.2)
    with filled(address) as store, store.engine.begin() as connection:
        connection.execute(text("select * from fills"))
        with (
            pytest.raises(StoreBusyError, match=r"somebody else holds a table; nothing was changed"),
            clear_errors(address),
        ):
            migrate(store.engine, address, later_migration(tmp_path / "later"))


@pytest.mark.parametrize(("version", "said"), [("0000", "Run twokey store migrate"), ("9999", "Use a newer one")])
def test_a_store_of_another_version_is_not_opened(sqlite_store: SqlStore, version: str, said: str) -> None:
    with sqlite_store.engine.begin() as connection:
        connection.execute(text(f"update {VERSION_TABLE} set version_num = '{version}'"))
    with pytest.raises(NotAStoreError, match=said):
        sqlite_store.check()
    with pytest.raises(NotAStoreError, match=said):
        initialise(sqlite_store.engine, sqlite_store.address)


def test_every_index_begins_with_the_owner() -> None:
    names = [next(iter(index.columns)).name for table in metadata.tables.values() for index in table.indexes]
    assert set(names) == {OWNER, "open_ms"}
