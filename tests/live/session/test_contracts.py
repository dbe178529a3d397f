"""Contracts that change while a run goes on: the engine is given what changed, soon, and only that."""

from typing import Any

import msgspec
import pytest

from live.binance.calls import CallWriter
from live.binance.signing import Signer
from live.client.contracts import AFTER_REFUSAL_NS, BROKEN_FILTERS, READ_EVERY_NS, ListedContracts
from live.engine.actions import Alert
from live.engine.events import ContractChanged
from live.enums import OrderType, Side, TimeInForce
from live.money import parse
from live.session.virtual_wire import VirtualWire
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET
from tests.live.binance.account import intent, place
from tests.live.engine.driven import DrivenEngine
from tests.live.engine.states import CONTRACT, SYMBOL
from tests.live.session.clients import Opened, open_session

S = 1_000_000_000
CHANGED = {"LOT_SIZE": {"stepSize": "0.010", "minQty": "0.010"}, "MARKET_LOT_SIZE": {"stepSize": "0.010"}}


def fault(kind: str, at_ms: int = 20_000, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "symbol": SYMBOL, "when": {"at_ms": at_ms}, **fields}


def pass_time(opened: Opened, ns: int) -> None:
    opened.session.advance(opened.venue.now_ns + ns)


def changes(opened: Opened) -> list[ContractChanged]:
    return opened.recorder.of(ContractChanged)


def test_changed_filters_reach_the_engine_with_the_next_reading_and_once() -> None:
    opened = open_session(faults=[fault("change_filters", filters=CHANGED)])
    pass_time(opened, READ_EVERY_NS - S)
    assert changes(opened) == []
    pass_time(opened, 2 * S)
    (found,) = changes(opened)
    assert (found.contract.step, found.contract.min_quantity) == (parse("0.01"), parse("0.01"))
    assert found.contract.quantity_decimals == 2
    assert found.contract.tick == opened.contract.tick
    pass_time(opened, 3 * READ_EVERY_NS)
    assert changes(opened) == [found]


def test_filters_that_change_back_are_told_too() -> None:
    end = {"duration_ms": 400_000}
    opened = open_session(faults=[fault("change_filters", filters=CHANGED, end=end)])
    pass_time(opened, 3 * READ_EVERY_NS)
    assert [found.contract.step for found in changes(opened)] == [parse("0.01"), opened.contract.step]
    assert changes(opened)[-1].contract == opened.contract


def test_a_contract_that_is_halted_takes_no_orders() -> None:
    opened = open_session(faults=[fault("symbol_status", status="TRADING_HALT", end={"duration_ms": 600_000})])
    pass_time(opened, READ_EVERY_NS + S)
    assert [found.contract.trading for found in changes(opened)] == [False]


def test_an_order_refused_for_a_filter_reads_them_at_once_and_the_next_is_written_with_them() -> None:
    opened = open_session(faults=[fault("change_filters", filters=CHANGED)])
    pass_time(opened, 30 * S)
    price = opened.contract.tick_below(opened.venue.state.markets[SYMBOL].mark_price * 98 // 100)
    limit = {"type": OrderType.LIMIT, "price": price, "time_in_force": TimeInForce.GTX}
    opened.session.client._send(place(intent("a-1", Side.BUY, parse("0.013"), **limit)))
    pass_time(opened, S)
    (found,) = changes(opened)
    assert found.contract.step == parse("0.01")
    assert opened.session.client._writer.contracts[SYMBOL] == found.contract


def test_nothing_is_read_while_the_exchange_wants_no_requests() -> None:
    opened = open_session(faults=[fault("change_filters", filters=CHANGED)])
    opened.session.client._not_before_ns = opened.venue.now_ns + 2 * READ_EVERY_NS - S
    pass_time(opened, READ_EVERY_NS + S)
    assert changes(opened) == []
    pass_time(opened, READ_EVERY_NS)
    assert len(changes(opened)) == 1


@pytest.mark.parametrize("reply", ["unknown_503", "unavailable_503"])
def test_a_reading_that_fails_changes_nothing_and_the_next_one_tells(reply: str) -> None:
    broken = {"kind": "answer", "path": "/fapi/v1/exchangeInfo", "reply": reply, "when": {"at_ms": 20_000}}
    opened = open_session(faults=[broken | {"end": {"count": 1}}, fault("change_filters", filters=CHANGED)])
    pass_time(opened, READ_EVERY_NS + S)
    assert changes(opened) == []
    pass_time(opened, READ_EVERY_NS)
    assert len(changes(opened)) == 1


def listed(opened: Opened) -> tuple[ListedContracts, list[int]]:
    """A reader at the same exchange, and how many requests were under way after each refusal."""
    wire = opened.session.wire
    assert isinstance(wire, VirtualWire)
    calls = CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET))
    reader, waiting = ListedContracts(wire, calls, {SYMBOL: opened.contract}, lambda: True), list[int]()
    for code in (*sorted(BROKEN_FILTERS), -1003, -2019, -5022):
        before = wire.waiting
        reader.on_code(code)
        waiting.append(wire.waiting - before)
    return reader, waiting


def test_a_loop_of_refusals_reads_once_and_other_refusals_do_not() -> None:
    opened = open_session()
    pass_time(opened, 60 * S)
    reader, waiting = listed(opened)
    assert sum(waiting) == 1
    pass_time(opened, AFTER_REFUSAL_NS - S)
    reader.on_code(-4164)
    assert opened.session.wire.waiting == 0
    pass_time(opened, S)
    reader.on_code(-4164)
    assert opened.session.wire.waiting == 1


def test_a_contract_that_is_listed_no_more_takes_no_orders() -> None:
    opened = open_session()
    wire, calls = opened.session.wire, CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET))
    contract = msgspec.structs.replace(opened.contract, symbol="GONEUSDT")
    reader = ListedContracts(wire, calls, {SYMBOL: opened.contract, "GONEUSDT": contract}, lambda: True)
    reader.start()
    pass_time(opened, READ_EVERY_NS + S)
    assert [(found.contract.symbol, found.contract.trading) for found in changes(opened)] == [("GONEUSDT", False)]


def test_the_engine_names_a_change_and_sizes_the_next_entry_by_it() -> None:
    engine = DrivenEngine()
    coarse = msgspec.structs.replace(CONTRACT, step=parse("0.05"))
    done = engine.take(ContractChanged(engine.now_ns, coarse))
    assert [alert.code for alert in engine.kinds(Alert, done)] == ["contract_changed"]
    assert not engine.take(ContractChanged(engine.now_ns, coarse))
    assert engine.enter().quantity == parse("0.15")
