"""A journal of the real engine as rows: those of the exchange, each once, whatever happens on the way."""

import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from live.explain.trades import trades_in
from live.money import plain
from skills_lib.trades.journal.format import HEADER, MARKET
from skills_lib.trades.journal.reading import JournalDamagedError, read_journal
from skills_lib.trades.profit.exact import total
from skills_lib.trades.projection.projecting import backlog, locked, project_all
from skills_lib.trades.projection.projector import project
from skills_lib.trades.store.errors import StoreBusyError
from skills_lib.trades.store.rows import JournalOffset, StoredFill, StoredOrder, StoredPerformance, StoredTrade
from skills_lib.trades.store.sql_store import SqlStore
from tests.trades.journal.journals import lines_of
from tests.trades.projection.sessions import FailingStore, InterruptedHereError, Traded, contents, new_store, source_of

D = Decimal


@pytest.fixture(scope="module")
def expected(traded: Traded, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """What a projection without interruption makes of the session."""
    with new_store(tmp_path_factory.mktemp("expected")) as store:
        project(store, traded.source)
        return contents(store)


def test_fills_and_orders_are_those_of_the_exchange(traded: Traded, sqlite: SqlStore) -> None:
    project(sqlite, traded.source)
    state = traded.venue.state
    fills = {row.trade_id: row for row in sqlite.rows(StoredFill)}
    assert len(fills) == len(state.trades) > 5
    for record in state.trades:
        row, fill = fills[record.fill.trade_id], record.fill
        shown = (row.order_id, row.side, row.price, row.quantity, row.fee, row.fee_asset, row.realised_pnl, row.time_ms)
        assert shown == (
            *(record.order_id, record.side, D(plain(fill.price)), D(plain(fill.quantity)), D(plain(fill.fee))),
            *(fill.fee_asset, D(plain(fill.realized)), fill.time_ms),
        )
    orders = {(row.family, row.order_id): row for row in sqlite.rows(StoredOrder)}
    assert len(orders) == len(state.orders) + len(state.algos)
    for order in state.orders.values():
        known = orders["order", order.order_id]
        assert (known.status, known.executed_quantity, known.type) == (
            *(order.status, D(plain(order.filled)), order.request.kind),
        )
    for algo in state.algos.values():
        assert orders["algo", algo.algo_id].status == algo.status


def test_round_trips_are_those_of_the_run_and_add_up_to_the_day(traded: Traded, sqlite: SqlStore) -> None:
    project(sqlite, traded.source)
    trades = list(sqlite.rows(StoredTrade))
    trips = trades_in(traded.journal).trades
    assert [one.pnl for one in trades] == [D(plain(one.net)) for one in trips]
    assert {one.status for one in trades} == {"closed"}
    [day] = sqlite.rows(StoredPerformance)
    assert (day.trades, day.strategy_id, day.mode) == (len(trips), "imbalance", "paper")
    assert day.net_pnl == total(one.pnl for one in trades)
    assert day.wins == sum(one.net > 0 for one in trips)
    assert day.max_drawdown is not None
    assert day.max_drawdown > 0


def test_projecting_again_changes_nothing(traded: Traded, sqlite: SqlStore, expected: dict[str, list[Any]]) -> None:
    project(sqlite, traded.source)
    again = project(sqlite, traded.source)
    assert (again.records, again.written.inserted, again.written.updated) == (0, 0, 0)
    assert contents(sqlite) == expected


@pytest.mark.parametrize("after", [False, True])
def test_interrupted_at_any_call_of_the_database_each_row_is_there_once(
    traded: Traded, tmp_path: Path, expected: dict[str, list[Any]], after: bool
) -> None:
    at = 1
    while True:
        folder = tmp_path / str(at)
        folder.mkdir()
        with new_store(folder) as store:
            failing: Any = FailingStore(store, at, after=after)
            try:
                project(failing, traded.source, batch_rows=16)
            except InterruptedHereError:
                project(store, traded.source, batch_rows=5)
                assert contents(store) == expected, f"interrupted at call {at}"
                at += 1
                continue
            break
    assert at > 8


@settings(max_examples=6, deadline=None)
@given(cuts=st.lists(st.floats(0.001, 0.999), min_size=1, max_size=4), rows=st.integers(1, 30))
def test_a_journal_that_grows_is_followed_and_a_torn_line_left_for_later(
    traded: Traded,
    tmp_path_factory: pytest.TempPathFactory,
    expected: dict[str, list[Any]],
    cuts: list[float],
    rows: int,
) -> None:
    whole, folder = traded.journal.read_bytes(), tmp_path_factory.mktemp("growing")
    header = whole.index(b"\n") + 1
    path = folder / traded.journal.name
    with new_store(folder) as store:
        for cut in [*sorted(cuts), 1.0]:
            path.write_bytes(whole[: max(header, int(len(whole) * cut))])
            project(store, source_of(path), batch_rows=rows)
        assert contents(store) == expected


def _entries(path: Path) -> list[tuple[int, str, dict[str, Any]]]:
    return [
        (record.time_ns, record.kind, record.body)
        for record in read_journal(path)
        if record.kind not in (HEADER, MARKET)
    ]


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_reports_that_come_twice_or_late_change_no_fill_and_no_order(
    traded: Traded, tmp_path_factory: pytest.TempPathFactory, expected: dict[str, list[Any]], seed: int
) -> None:
    chosen, folder = random.Random(seed), tmp_path_factory.mktemp("reordered")
    entries = _entries(traded.journal)
    moved: list[tuple[float, tuple[int, str, dict[str, Any]]]] = []
    for number, entry in enumerate(entries):
        reports = entry[1] in ("order_report", "stop_report", "trades_report", "funding")
        moved += [(number + (chosen.uniform(0, 6) if reports else 0), entry)] * (
            1 + (reports and chosen.random() < 0.4)
        )
    header = (1, HEADER, next(iter(read_journal(traded.journal))).body)
    lines = lines_of([entry for _, entry in sorted(moved, key=lambda one: one[0])], header)
    path = folder / traded.journal.name
    path.write_bytes(b"".join(lines))
    with new_store(folder) as store:
        project(store, source_of(path), batch_rows=chosen.randint(1, 40))
        found = contents(store)
    assert found["fills"] == expected["fills"]
    assert found["crypto_trades"] == expected["crypto_trades"]
    assert found["strategy_performance"] == expected["strategy_performance"]
    assert [_end(order) for order in found["orders"]] == [_end(order) for order in expected["orders"]]


def _end(order: Any) -> tuple[Any, ...]:
    return order.family, order.order_id, order.status, order.executed_quantity, order.type, order.client_order_id


def test_the_trade_list_gives_fills_that_the_stream_lost(traded: Traded, sqlite: SqlStore, tmp_path: Path) -> None:
    entries, lost = [], []
    for time_ns, kind, body in _entries(traded.journal):
        fill = body.get("fill")
        if kind == "order_report" and fill:
            lost.append(
                {"order_id": body["order_id"], "side": body["side"], "fill": fill, "event_ns": body["event_ns"]}
            )
            body = body | {"fill": None}
        entries.append((time_ns, kind, body))
    symbol = traded.venue.state.trades[0].symbol
    report = {"symbol": symbol, "asked_ns": 1, "from_ns": 0, "trades": lost, "whole": True}
    first = next(number for number, entry in enumerate(entries) if entry[1] == "order_intent")
    header = (1, HEADER, next(iter(read_journal(traded.journal))).body)
    path = tmp_path / "lost.journal"
    for place in (first, len(entries)):
        path.write_bytes(
            b"".join(lines_of([*entries[:place], (entries[-1][0], "trades_report", report), *entries[place:]], header))
        )
        (tmp_path / str(place)).mkdir()
        with new_store(tmp_path / str(place)) as store:
            project(store, source_of(path))
            fills = list(store.rows(StoredFill))
        project(sqlite, traded.source)
        assert fills == list(sqlite.rows(StoredFill))


def test_another_journal_under_the_same_name_is_refused(traded: Traded, sqlite: SqlStore, tmp_path: Path) -> None:
    path = tmp_path / "session.journal"
    path.write_bytes(traded.journal.read_bytes())
    project(sqlite, source_of(path))
    entries = _entries(traded.journal)
    header = (1, HEADER, next(iter(read_journal(traded.journal))).body)
    path.write_bytes(b"".join(lines_of(entries[5:] + entries, header)))
    with pytest.raises(JournalDamagedError, match="is not the journal that was read before"):
        project(sqlite, source_of(path))
    assert next(iter(sqlite.rows(JournalOffset))).sequence == sum(1 for _ in read_journal(traded.journal))


def test_a_changed_byte_stops_the_projection_before_it(traded: Traded, sqlite: SqlStore, tmp_path: Path) -> None:
    lines = traded.journal.read_bytes().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if b'"fill":{' in line)
    lines[at] = lines[at].replace(b'"quantity":', b'"quantity":1', 1)
    path = tmp_path / "session.journal"
    path.write_bytes(b"".join(lines))
    with pytest.raises(JournalDamagedError, match=f"line {at + 1}"):
        project(sqlite, source_of(path), batch_rows=1)
    assert list(sqlite.rows(StoredFill)) == []


def test_memory_of_a_run_does_not_grow_with_its_orders(expected: dict[str, list[Any]]) -> None:
    [offset] = expected["journal_offsets"]
    memory = msgspec.json.decode(offset.state_json)
    assert (memory["sent"], memory["touched"], memory["unclaimed"]) == ({}, {}, {})


def test_every_journal_of_a_workspace_is_projected_and_the_backlog_counts_the_rest(
    traded: Traded, sqlite: SqlStore, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    journals = home / "live" / "sessions" / "first" / "journals"
    (journals / "set-aside").mkdir(parents=True)
    (journals / "abc.journal").write_bytes(traded.journal.read_bytes())
    (journals / "set-aside" / "begun.journal").write_bytes(b'{"sequence":0')
    (home / "live" / "sessions" / "first" / "status.json").write_text('{"venue":"demo","session":"first"}')
    (home / "data" / "journals").mkdir(parents=True)
    damaged = traded.journal.read_bytes().replace(b'"tick"', b'"tock"', 1)
    (home / "data" / "journals" / "other.jsonl").write_bytes(damaged)
    records = sum(1 for _ in read_journal(traded.journal))
    assert backlog(sqlite, home).records == 2 * records
    with locked(sqlite):
        [done], [failed] = project_all(sqlite, home)
    assert (done.records, failed.path.name) == (records, "other.jsonl")
    assert {(row.venue, row.account, row.mode) for row in sqlite.rows(StoredFill)} == {
        ("binance-demo", "first", "demo")
    }
    left = backlog(sqlite, home)
    assert (left.journals, left.records) == (1, records)


def test_two_projectors_of_a_store_do_not_work_at_once(sqlite: SqlStore) -> None:
    with locked(sqlite), pytest.raises(StoreBusyError, match="Another process fills the store"), locked(sqlite, 0):
        pass


def test_a_run_at_an_exchange_that_began_anew_replaces_nothing(
    traded: Traded, sqlite: SqlStore, tmp_path: Path, expected: dict[str, list[Any]]
) -> None:
    project(sqlite, traded.source)
    run = next(iter(read_journal(traded.journal))).body["run"]
    renamed = [
        (time_ns, kind, msgspec.json.decode(msgspec.json.encode(body).replace(f'"{run}'.encode(), b'"other')))
        for time_ns, kind, body in _entries(traded.journal)
    ]
    head = next(iter(read_journal(traded.journal))).body | {"run": "other"}
    path = tmp_path / "other.journal"
    path.write_bytes(b"".join(lines_of(renamed, (1, HEADER, head))))
    project(sqlite, source_of(path), batch_rows=3)
    project(sqlite, source_of(path))
    found = contents(sqlite)
    for name in ("fills", "orders", "crypto_trades"):
        assert [row for row in found[name] if row.account == "paper"] == expected[name]
        assert len([row for row in found[name] if row.account == "paper~other"]) == len(expected[name])
