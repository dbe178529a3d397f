"""Accounts, orders, positions, trades and settings survive a restart."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from live.enums import OrderStatus, OrderType
from live.money import parse, plain
from live.simulator.core.audit import audit
from live.simulator.core.commands import ForceLiquidation, SetCountdown, SetLeverage
from live.simulator.core.market import Market
from live.simulator.core.state import State
from live.simulator.store import Store
from skills_lib.domain.errors import CorruptDataError
from tests.live.conftest import Running, Serve
from tests.live.simulator.http_requests import HttpClient, run_scenario
from tests.live.simulator.in_process import BUY, ME, SELL, SYMBOL, ExchangeDriver, make_exchange


def test_answered_requests_survive_a_killed_server(serve: Serve, tmp_path: Path) -> None:
    file = tmp_path / "paper.sqlite"

    async def before(client: HttpClient, running: Running) -> None:
        await client.market(quantity="0.010")
        await client.order(newClientOrderId="resting")
        fields = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "triggerPrice": "59000.0"}
        await client.signed("POST", "/fapi/v1/algoOrder", algoType="CONDITIONAL", quantity="0.010", **fields)
        await client.signed("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=7)
        running.venue.store = None  # a killed process saves nothing when it ends

    async def after(client: HttpClient, running: Running) -> None:
        assert (await client.signed("GET", "/fapi/v3/balance")).body[0]["balance"] == "99999.70000000"
        [position] = (await client.signed("GET", "/fapi/v2/positionRisk", symbol="BTCUSDT")).body
        assert (position["positionAmt"], position["leverage"]) == ("0.01", "7")
        [order] = (await client.signed("GET", "/fapi/v1/openOrders")).body
        assert order["clientOrderId"] == "resting"
        assert len((await client.signed("GET", "/fapi/v1/openAlgoOrders")).body) == 1
        assert len((await client.signed("GET", "/fapi/v1/userTrades", symbol="BTCUSDT")).body) == 1
        assert len((await client.signed("GET", "/fapi/v1/income")).body) == 1
        fresh = await client.order(newClientOrderId="next")
        assert fresh.body["orderId"] > order["orderId"]
        cancelled = await client.signed("DELETE", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="resting")
        assert cancelled.body["status"] == "CANCELED"

    run_scenario(serve, before, store=file)
    run_scenario(serve, after, store=file)


def saved(driver: ExchangeDriver, path: Path) -> State:
    """The state as a new process restores it."""
    store = Store(path)
    store.record(driver.exchange.state, driver.events)
    store.close()
    again = Store(path)
    state = State(markets={}, accounts=make_exchange().state.accounts)
    assert again.restore(state)
    again.close()
    return state


def test_a_restored_state_equals_the_one_that_was_saved(tmp_path: Path) -> None:
    driver = ExchangeDriver().opened("60000.0x5 59990.0x5", "60000.1x5 60010.0x5")
    driver.order(BUY, "1")
    driver.order(SELL, "0.4", "60005.0")
    driver.stop(SELL, "0.5", OrderType.STOP_MARKET, "59000.0")
    driver.send(SetLeverage(ME, SYMBOL, 33))
    driver.send(SetCountdown(ME, SYMBOL, 60_000))
    driver.trade("60006.0", "0.1", BUY)
    state, original = saved(driver, tmp_path / "s.sqlite"), driver.exchange.state
    for name in ("orders", "open", "algos", "waiting", "trades", "incomes", "amendments", "numbers", "countdowns"):
        assert getattr(state, name) == getattr(original, name), name
    assert replace(state.accounts[ME], warned=frozenset()) == replace(original.accounts[ME], warned=frozenset())


def test_a_restored_state_adds_up_with_its_deposits_its_fund_and_its_funding_times(tmp_path: Path) -> None:
    driver = ExchangeDriver().opened("60000.0x5 59990.0x5", "60000.1x5 60010.0x5")
    boundary = driver.now_ms + 1_000
    driver.mark("60000.0", "0.0001", boundary).order(BUY, "1")
    driver.tick(1_500)
    driver.send(ForceLiquidation(ME, SYMBOL))
    state = saved(driver, tmp_path / "s.sqlite")
    assert (state.fund, state.accounts[ME].deposited) == (driver.exchange.state.fund, parse("100000"))
    assert state.fund.cash > 0
    assert audit(state) == []
    state.markets[SYMBOL] = Market(driver.exchange.state.markets[SYMBOL].rules, driver.feed.books[SYMBOL])
    store = Store(tmp_path / "s.sqlite")
    store.restore_funding(state)
    store.close()
    assert state.markets[SYMBOL].funded_ms == boundary


def test_a_restored_order_goes_to_the_back_of_the_queue(serve: Serve, tmp_path: Path) -> None:
    async def before(client: HttpClient, running: Running) -> None:
        await client.order(price="59999.9")
        [order] = running.venue.state.orders.values()
        order.place.ahead = 0

    async def after(client: HttpClient, running: Running) -> None:
        [order] = running.venue.state.orders.values()
        book = running.venue.feed.books["BTCUSDT"]
        assert order.status is OrderStatus.NEW
        assert order.place.ahead == book.quantity(BUY, parse("59999.9")) > 0

    run_scenario(serve, before, store=tmp_path / "s.sqlite")
    run_scenario(serve, after, store=tmp_path / "s.sqlite")


def test_a_fresh_store_restores_nothing_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    empty = Store(tmp_path / "new.sqlite")
    assert not empty.restore(State(markets={}, accounts={}))
    empty.close()
    (tmp_path / "bad.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(CorruptDataError, match="not an account store"):
        Store(tmp_path / "bad.sqlite")


def test_a_damaged_row_is_refused_in_one_line(tmp_path: Path) -> None:
    driver = ExchangeDriver().opened("60000.0x5", "60000.1x5")
    driver.order(BUY, "1")
    saved(driver, tmp_path / "s.sqlite")
    with sqlite3.connect(tmp_path / "s.sqlite") as connection:
        connection.execute("UPDATE orders SET body = '{'")
    connection.close()
    store = Store(tmp_path / "s.sqlite")
    with pytest.raises(CorruptDataError, match="damaged row"):
        store.restore(State(markets={}, accounts={}))
    store.close()
    assert plain(parse("1")) == "1"
