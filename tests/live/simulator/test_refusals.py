"""A refused command, or one whose margin computation fails, leaves the exchange's state unchanged."""

import copy
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from live.money import parse
from live.simulator.core import order_service, settings_service
from live.simulator.core.commands import Amend, SetLeverage, Submit
from live.simulator.core.orders import Order, OrderRequest
from live.simulator.core.rejections import Rejection
from live.simulator.core.state import State
from tests.live.simulator.in_process import BUY, LIMIT, ME, SYMBOL, ExchangeDriver


def copied(state: State) -> dict[str, Any]:
    """A deep copy of every field, with the levels of each book in place of the book."""
    values = {entry.name: getattr(state, entry.name) for entry in fields(state)}
    values["markets"] = {
        symbol: {entry.name: getattr(market, entry.name) for entry in fields(market) if entry.name != "book"}
        | {"levels": {side: list(market.book.levels(side)) for side in (BUY, BUY.opposite)}}
        for symbol, market in state.markets.items()
    }
    return copy.deepcopy(values)


def too_large_order(_: Order) -> Submit:
    return Submit(OrderRequest(ME, SYMBOL, BUY, LIMIT, parse("40"), parse("60000.0")))


def too_large_amendment(resting: Order) -> Amend:
    return Amend(ME, SYMBOL, BUY, parse("50"), parse("60000.0"), resting.order_id)


def too_low_leverage(_: Order) -> SetLeverage:
    return SetLeverage(ME, SYMBOL, 1)


SERVICES: dict[type, Callable[[State, Any], Any]] = {
    Submit: order_service.submit,
    Amend: order_service.amend,
    SetLeverage: settings_service.set_leverage,
}
COMMANDS = [too_large_order, too_large_amendment, too_low_leverage]


@pytest.fixture
def resting() -> tuple[ExchangeDriver, Order]:
    """An account that has never traded, with one resting order of 2 BTC."""
    driver = ExchangeDriver().opened("60000.0x2 59999.9x3", "60000.1x1 60000.2x2")
    return driver, driver.order(BUY, "2", "60000.0")


@pytest.mark.parametrize("make_command", COMMANDS)
def test_a_refused_command_leaves_the_state_unchanged(
    resting: tuple[ExchangeDriver, Order], make_command: Callable[[Order], Any]
) -> None:
    driver, order = resting
    before = copied(driver.exchange.state)
    with pytest.raises(Rejection, match="-2028" if make_command is too_low_leverage else "-2019"):
        driver.send(make_command(order))
    assert copied(driver.exchange.state) == before


@pytest.mark.parametrize("succeeding_calls", [0, 1])
@pytest.mark.parametrize("make_command", COMMANDS)
def test_a_failing_margin_computation_leaves_the_state_unchanged(
    resting: tuple[ExchangeDriver, Order],
    make_command: Callable[[Order], Any],
    succeeding_calls: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver, order = resting
    state, command = driver.exchange.state, make_command(order)
    before, margin, calls = copied(state), State.margin, 0

    def fail(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > (succeeding_calls if not isinstance(command, SetLeverage) else 0):
            raise ArithmeticError
        return margin(*arguments)

    monkeypatch.setattr(State, "margin", fail)
    with pytest.raises(ArithmeticError):
        SERVICES[type(command)](state, command)
    assert copied(state) == before


def test_a_refused_order_in_a_new_symbol_stores_no_position_and_no_settings() -> None:
    driver = ExchangeDriver().opened("60000.0x2", "60000.1x1")
    with pytest.raises(Rejection):
        driver.order(BUY, "40", "60000.0")
    assert (driver.account.positions, driver.account.settings, driver.exchange.state.open) == ({}, {}, {})
