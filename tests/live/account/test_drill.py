"""The drill: every call of a closing is rehearsed, nothing that is held changes, and one broken step fails it."""

from typing import Any

import pytest

from live.account.drill import Drill, rehearse
from live.client.opening import contracts_of
from tests.live.account.holding import SYMBOL, Holding, holding

NEVER_ENDS = {"when": {"at_ms": 600}, "end": {"never": True}}
ORDER, ALGO = "/fapi/v1/order", "/fapi/v1/algoOrder"


def drilled(opened: Holding) -> Drill:
    """A drill after the faults have begun."""
    contracts = opened.have(contracts_of([SYMBOL]))
    opened.by_hand.run(500)
    return opened.have(rehearse(contracts, opened.now))


def held(opened: Holding) -> Any:
    """What the account holds."""
    state = opened.venue.state
    (account,) = state.accounts.values()
    resting = [order.client_id for order in state.open_orders(account.name)]
    return (
        [(position.symbol, position.amount) for position in account.held()],
        resting,
        [algo.client_id for algo in state.waiting_algos(account.name)],
    )


def test_a_drill_changes_nothing_that_the_account_holds() -> None:
    opened = holding().buy().rest().protect()
    before = held(opened)
    drill = drilled(opened)
    assert drill.passed, drill.steps
    assert [str(position) for position in drill.shadow] == ["BTCUSDT 0.01"]
    assert held(opened) == before


def test_a_flat_account_is_rehearsed_with_the_smallest_order() -> None:
    opened = holding()
    drill = drilled(opened)
    assert drill.passed, drill.steps
    assert [str(position) for position in drill.shadow] == ["BTCUSDT 0.001"]
    assert opened.is_flat


@pytest.mark.parametrize(
    ("method", "path", "step"),
    [
        ("GET", "/fapi/v3/positionRisk", "read /fapi/v3/positionRisk"),
        ("GET", "/fapi/v3/account", "read /fapi/v3/account"),
        ("GET", "/fapi/v1/openOrders", "read /fapi/v1/openOrders"),
        ("GET", "/fapi/v1/openAlgoOrders", "read /fapi/v1/openAlgoOrders"),
        ("POST", "/fapi/v1/order/test", "close BTCUSDT 0.01"),
        ("DELETE", ORDER, "cancel orders of BTCUSDT"),
        ("DELETE", ALGO, "cancel stops of BTCUSDT"),
        ("POST", ALGO, "stops BTCUSDT"),
    ],
)
@pytest.mark.parametrize("fault", [{"kind": "answer"}, {"kind": "lose_request"}])
def test_one_broken_step_fails_the_drill_and_is_named(method: str, path: str, step: str, fault: dict[str, Any]) -> None:
    opened = holding(fault | {"method": method, "path": path} | NEVER_ENDS).buy()
    drill = drilled(opened)
    assert not drill.passed
    assert step in [one.name for one in drill.steps if not one.passed]
