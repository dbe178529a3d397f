"""Databases that cannot be used: one line that says why, nothing lost, nothing secret shown."""

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from sqlalchemy import event

from skills_lib.domain.errors import InputError, TwokeyError
from skills_lib.trades.store.address import parse_address
from skills_lib.trades.store.choosing import open_store
from skills_lib.trades.store.errors import NotAStoreError, StoreBusyError, StoreUnavailableError
from skills_lib.trades.store.model import Written
from skills_lib.trades.store.rest_store import RestStore
from skills_lib.trades.store.rows import StoredFill
from skills_lib.trades.store.sql_store import SqlStore
from tests.trades.store.examples import fill
from tests.trades.store.servers import PostgresServer, free_port

SECRET = "correct-horse"
END_OF_WAITING = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'twokey'"


def said(kind: type[TwokeyError], work: Callable[[], object]) -> str:
    """The one line of an error, which has no secret."""
    with pytest.raises(kind) as raised:
        work()
    text = str(raised.value)
    assert SECRET not in text
    assert "\n" not in text
    assert raised.value.__cause__ is None
    return text


def test_a_server_that_is_not_there() -> None:
    address = parse_address(f"postgresql://me:{SECRET}@127.0.0.1:{free_port()}/trades")
    assert "cannot be reached" in said(StoreUnavailableError, lambda: open_store(address))


def test_a_wrong_password_user_and_database(postgres: PostgresServer) -> None:
    """Trust is for the tests' own user; others need a password."""
    postgres.run("create role guarded login password 'another'")
    rules = postgres.folder / "data" / "pg_hba.conf"
    kept = rules.read_text(encoding="utf-8")
    rules.write_text(f"host all guarded 127.0.0.1/32 scram-sha-256\n{kept}", encoding="utf-8")
    postgres.run("select pg_reload_conf()")
    try:
        url = postgres.url("postgres", f"guarded:{SECRET}")
        assert "the password was refused" in said(InputError, lambda: open_store(parse_address(url)))
        url = postgres.url("postgres", "guarded")
        assert "wants a password" in said(InputError, lambda: open_store(parse_address(url)))
    finally:
        rules.write_text(kept, encoding="utf-8")
        postgres.run("select pg_reload_conf()")
    assert "no such database" in said(InputError, lambda: open_store(parse_address(postgres.url("nowhere"))))
    assert "user was refused" in said(InputError, lambda: open_store(parse_address(postgres.url(user="nobody"))))


def test_a_server_without_tls_where_tls_is_demanded(postgres: PostgresServer) -> None:
    address = parse_address(f"{postgres.url()}?sslmode=require")
    assert "has no TLS" in said(InputError, lambda: open_store(address))


def test_a_database_without_a_store(postgres_url: str, tmp_path: Path) -> None:
    assert "Run twokey store init" in said(NotAStoreError, lambda: open_store(parse_address(postgres_url)))
    missing = parse_address(f"sqlite:///{tmp_path / 'none.sqlite'}")
    assert "is not there. Run twokey store init" in said(NotAStoreError, lambda: open_store(missing))
    assert not missing.file.exists()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("these are notes, long enough for a header of SQLite: " * 40, encoding="utf-8")
    assert "not a SQLite database" in said(InputError, lambda: open_store(parse_address(f"sqlite:///{file}")))
    assert file.read_text(encoding="utf-8").startswith("these are notes")


def test_a_full_disk_leaves_the_store_as_it_was(sqlite_store: SqlStore) -> None:
    """SQLite reports a full disk where a file may not grow."""
    sqlite_store.write([fill(1)])
    event.listen(sqlite_store.engine, "connect", lambda raw, _: raw.execute("pragma max_page_count = 120"))
    text = said(StoreUnavailableError, lambda: sqlite_store.write([fill(i) for i in range(5_000)]))
    assert "its disk is full; nothing was written" in text
    assert list(sqlite_store.rows(StoredFill)) == [fill(1)]


def test_a_writer_waits_for_another_and_then_gives_up(sqlite_store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skills_lib.trades.store.opening.BUSY_S", 0.05)
    with sqlite_store.engine.begin():
        assert "somebody else holds" in said(StoreBusyError, lambda: sqlite_store.write([fill(1)]))
        assert sqlite_store.count(StoredFill) == 0


def test_rows_are_read_while_another_writes(sqlite_store: SqlStore) -> None:
    sqlite_store.write([fill(1)])
    with sqlite_store.engine.begin() as connection:
        connection.exec_driver_sql("delete from fills")
        assert list(sqlite_store.rows(StoredFill)) == [fill(1)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write where nobody may")
def test_a_folder_in_which_nothing_may_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    address = parse_address(f"sqlite:///{tmp_path / 'x' / 'trades.sqlite'}")
    assert "cannot be made" in said(InputError, lambda: SqlStore(address))


def test_a_rest_address_that_does_not_answer() -> None:
    address = parse_address(f"http://127.0.0.1:{free_port()}", key=SECRET)
    assert "no answer (ConnectError)" in said(StoreUnavailableError, lambda: RestStore(address).check())


def test_a_connection_that_is_cut_is_made_anew(postgres: PostgresServer, postgres_store: SqlStore) -> None:
    postgres_store.check()
    postgres.run(END_OF_WAITING)
    assert postgres_store.check().count(StoredFill) == 0


def test_a_connection_that_is_cut_in_mid_transaction_leaves_nothing_of_it(
    postgres: PostgresServer, postgres_store: SqlStore
) -> None:
    """The write waits for a row that another transaction holds; then its connection is ended."""
    postgres_store.write([fill(7)])
    rows = [fill(i, fee=Decimal(3)) for i in range(300)]
    failed: list[str] = []
    with psycopg.connect(postgres_store.address.url) as holder:
        holder.execute("select * from fills for update")
        writer = Thread(target=lambda: failed.append(said(StoreUnavailableError, lambda: postgres_store.write(rows))))
        writer.start()
        while not postgres.run(f"{END_OF_WAITING} and wait_event_type = 'Lock'"):
            pass
        writer.join()
    assert "nothing was written" in failed[0]
    assert list(postgres_store.rows(StoredFill)) == [fill(7)]
    assert postgres_store.write(rows) == {"fills": Written(inserted=299, updated=1)}


def test_a_server_that_was_restarted_is_used_again(postgres: PostgresServer, postgres_store: SqlStore) -> None:
    postgres_store.write([fill(1)])
    postgres.stop()
    assert "cannot be reached" in said(StoreUnavailableError, lambda: postgres_store.write([fill(2)]))
    postgres.start()
    assert postgres_store.write([fill(1), fill(2)]) == {"fills": Written(inserted=1, unchanged=1)}
