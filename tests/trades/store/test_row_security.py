"""Row-level security, attacked on a real PostgreSQL: by nobody, by another user, by a forged token."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

import psycopg
import pytest
from psycopg import sql

from skills_lib.domain.errors import InputError
from skills_lib.trades.store.address import parse_address
from skills_lib.trades.store.migrations.running import initialise
from skills_lib.trades.store.rest_store import RestStore
from skills_lib.trades.store.rows import ROWS, StoredFill
from skills_lib.trades.store.schema import TABLES
from skills_lib.trades.store.sql_store import SqlStore
from tests.trades.store.examples import example, fill
from tests.trades.store.lite import Lite
from tests.trades.store.roles import AS_SUPABASE, OWNER, STRANGER
from tests.trades.store.servers import PostgresServer

TABLE_NAMES = [table.name for table in TABLES.values()]


@pytest.fixture(scope="module")
def secured(postgres: PostgresServer) -> str:
    """A database as Supabase has it, made over its direct connection, with a row of an owner in each table."""
    url = postgres.new_database()
    postgres.script(url, AS_SUPABASE)
    address = parse_address(url, owner=OWNER)
    with SqlStore(address) as store:
        initialise(store.engine, address)
        store.write([example(kind) for kind in ROWS])
    return url


@contextmanager
def signed_in(url: str, role: str, user: str | None) -> Iterator[psycopg.Cursor]:
    """A transaction with the rights that PostgREST gives to a request; nothing of it stays."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        claims = f'{{"sub": "{user}", "role": "{role}"}}' if user else "{}"
        cursor.execute("select set_config('request.jwt.claims', %s, true)", [claims])
        cursor.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        yield cursor
        connection.rollback()


def test_an_owner_reads_and_writes_own_rows(secured: str) -> None:
    with signed_in(secured, "authenticated", OWNER) as cursor:
        for name in TABLE_NAMES:
            assert len(cursor.execute(sql.SQL("select * from {}").format(sql.Identifier(name))).fetchall()) == 1
        assert cursor.execute("update fills set fee = 3 where trade_id > 0").rowcount == 1
        assert cursor.execute("select version_num from twokey_version").fetchall() == [("0001",)]


def test_another_user_sees_and_changes_nothing(secured: str) -> None:
    with signed_in(secured, "authenticated", STRANGER) as cursor:
        for name in TABLE_NAMES:
            table = sql.Identifier(name)
            assert cursor.execute(sql.SQL("select * from {}").format(table)).fetchall() == []
            assert cursor.execute(sql.SQL("update {} set owner = owner").format(table)).rowcount == 0


FOREIGN_ROW = {
    **{"owner": OWNER, "venue": "v", "account": "a", "subject": "s", "symbol": "x", "strategy_id": "", "note": ""},
    **{"complete_from_ms": 0, "complete_until_ms": 1, "cursor_json": "{}", "updated_ms": 0},
}
AS_TEXT = json.dumps({"coverage": [FOREIGN_ROW]})


@pytest.mark.parametrize(
    "attack",
    [
        f"insert into coverage select * from json_populate_record(null::coverage, '{json.dumps(FOREIGN_ROW)}')",
        f"select twokey_write('{AS_TEXT}', false)",
        "update twokey_version set version_num = '9'",
        "delete from fills",
        "truncate fills",
        "alter table fills disable row level security",
        "drop policy twokey_owner on fills",
    ],
    ids=lambda attack: attack.partition(" ")[0],
)
def test_another_user_cannot_write_in_the_owners_name(secured: str, attack: str) -> None:
    with signed_in(secured, "authenticated", STRANGER) as cursor, pytest.raises(psycopg.errors.InsufficientPrivilege):
        cursor.execute(attack.encode())


def test_a_row_cannot_be_given_away(secured: str) -> None:
    with signed_in(secured, "authenticated", OWNER) as cursor, pytest.raises(psycopg.errors.InsufficientPrivilege):
        cursor.execute(f"update fills set owner = '{STRANGER}'".encode())


@pytest.mark.parametrize("user", [None, OWNER])
def test_nobody_without_a_session_reads_or_writes(secured: str, user: str | None) -> None:
    """Not even with the claims of a user: the role decides."""
    for name in [*TABLE_NAMES, "twokey_version"]:
        with signed_in(secured, "anon", user) as cursor, pytest.raises(psycopg.errors.InsufficientPrivilege):
            cursor.execute(sql.SQL("select * from {}").format(sql.Identifier(name)))
    with signed_in(secured, "anon", user) as cursor, pytest.raises(psycopg.errors.InsufficientPrivilege):
        cursor.execute("select twokey_write('{}', false)")


def test_a_session_without_a_user_owns_nothing(secured: str) -> None:
    """An owner that is empty is no user's: a store of one person is not open to whoever has no id."""
    with SqlStore(parse_address(secured)) as store:
        store.write([fill(1)])
    with signed_in(secured, "authenticated", None) as cursor:
        assert cursor.execute("select * from fills").fetchall() == []


def test_every_table_of_the_store_is_secured(secured: str, postgres: PostgresServer) -> None:
    database = secured.rpartition("/")[2]
    found = postgres.run(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace "
        "and not relrowsecurity",
        database,
    )
    assert found == []


def test_two_owners_have_rows_of_the_same_key(secured: str) -> None:
    with SqlStore(parse_address(secured, owner="a third")) as store:
        store.write([example(StoredFill, fee=Decimal(7))])
        assert [row.fee for row in store.rows(StoredFill)] == [Decimal(7)]
    with SqlStore(parse_address(secured, owner=OWNER)) as store:
        assert list(store.rows(StoredFill)) == [example(StoredFill)]


def test_attacks_by_the_rest_address_find_nothing(lite: Lite, rest_store: RestStore) -> None:
    mine = RestStore(parse_address(lite.url, key=lite.public, token=lite.token(OWNER), owner=OWNER))
    mine.check().write([fill(1)])
    assert list(mine.rows(StoredFill)) == [fill(1)]
    strangers = {"": False, lite.token(STRANGER): False, lite.token(OWNER, "a guessed secret"): True}
    for token, refused in strangers.items():
        store = RestStore(parse_address(lite.url, key=lite.public, token=token, owner=OWNER))
        with pytest.raises(InputError, match=r"refused|may not do this"):
            store.write([replace(fill(1), fee=Decimal(9))])
        if refused:
            with pytest.raises(InputError, match="the key or token was refused"):
                store.count(StoredFill)
        else:
            assert list(store.rows(StoredFill)) == []
    keyless = RestStore(parse_address(lite.url, key="sb_publishable_guessed", owner=OWNER))
    with pytest.raises(InputError, match="the key or token was refused"):
        list(keyless.rows(StoredFill))
    assert list(rest_store.rows(StoredFill)) == [fill(1)]
