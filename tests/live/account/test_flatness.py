"""An account is flat only if two reads show nothing in all four lists."""

import pytest

from live.account.flatness import what_is_left
from tests.live.account.holding import SYMBOL, S, holding

NEVER_ENDS = {"when": {"at_ms": 0}, "end": {"never": True}}
BUY = {"symbol": SYMBOL, "side": "BUY", "type": "MARKET", "quantity": "0.010"}


def test_an_empty_account_is_flat_after_two_reads_six_seconds_apart_and_no_order_was_sent() -> None:
    opened = holding()
    begun_ns = opened.now()
    assert opened.have(what_is_left()) == ()
    assert opened.now() - begun_ns >= 6 * S
    assert len(opened.sent) == 8
    assert {path.rpartition("/")[2] for _, path in opened.sent} == {
        "positionRisk",
        "account",
        "openOrders",
        "openAlgoOrders",
    }


@pytest.mark.parametrize(("made", "named"), [("buy", "BTCUSDT 0.01"), ("rest", "BTCUSDT order"), ("protect", "stop")])
def test_whatever_is_there_is_named(made: str, named: str) -> None:
    opened = holding()
    if made == "protect":
        opened.buy()
    getattr(opened, made)()
    assert any(named in one for one in opened.have(what_is_left()))


def test_what_comes_between_the_reads_is_seen() -> None:
    opened = holding()
    opened.later(3_000, lambda: opened.request("POST", "/fapi/v1/order", **BUY))
    assert any("BTCUSDT" in one for one in opened.have(what_is_left()))


@pytest.mark.parametrize("path", ["v3/positionRisk", "v3/account", "v1/openOrders", "v1/openAlgoOrders"])
def test_a_list_that_cannot_be_read_is_not_empty(path: str) -> None:
    fault = {"kind": "answer", "reply": "unknown_503", "method": "GET", "path": f"/fapi/{path}"} | NEVER_ENDS
    opened = holding(fault)
    opened.by_hand.run(10)
    left = opened.have(what_is_left())
    assert len(left) == 1
    assert left[0].startswith("unknown")
