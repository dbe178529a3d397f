"""The preflight: every condition of a start, each with a remedy, and all that fail at once."""

import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from live.account.preflight.checks import CREDITS, Rules, clock, key_rights, no_credits
from live.account.preflight.facts import AccountFacts, KeyRights, read_facts
from live.account.preflight.preflight import check_account
from live.account.preflight.report import Checked, Preflight
from live.client.opening import contracts_of
from tests.live.account.holding import SYMBOL, Holding, S, holding

FROM_THE_START = {"when": {"at_ms": 600}, "end": {"never": True}}


def ready(*faults: dict[str, Any], **settings: Any) -> Holding:
    """An account that may start, once faults have begun."""
    opened = holding(*faults, **settings)
    opened.by_hand.ask("POST", "/fapi/v1/marginType", symbol=SYMBOL, marginType="ISOLATED")
    opened.by_hand.ask("POST", "/fapi/v1/leverage", symbol=SYMBOL, leverage=3)
    opened.contracts = opened.have(contracts_of([SYMBOL]))
    opened.by_hand.run(500)
    return opened


def checked(opened: Holding, **changes: Any) -> Preflight:
    """A preflight. The simulator's key is bound to no address."""
    rules = replace(Rules(opened.contracts, address_list=False), **changes)
    return opened.have(check_account(rules, opened.now, "r1"))


def failed(opened: Holding, **changes: Any) -> list[str]:
    """Names of the checks that failed; each has something to do next."""
    failures = checked(opened, **changes).failures
    assert all(check.remedy and check.allowed and check.found for check in failures)
    return [check.name for check in failures]


def test_an_account_as_it_should_be_passes_every_check() -> None:
    opened = ready()
    found = checked(opened)
    assert found.failures == ()
    assert [check.name.split()[0] for check in found.checks] == [
        *("one_way_mode", "single_asset_mode", "can_trade", "isolated_margin", "leverage", "fee_burn"),
        *("no_credits_account", "key_rights", "clock", "contract", "nothing_foreign", "alone", "stops"),
    ]
    assert opened.is_flat


def test_every_failure_is_named_at_once() -> None:
    opened = holding()
    opened.contracts = opened.have(contracts_of([SYMBOL]))
    opened.by_hand.ask("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin="true")
    opened.by_hand.ask("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")
    opened.by_hand.market("BUY", positionSide="LONG")
    names = failed(opened, address_list=True)
    assert names == [
        *("one_way_mode", "single_asset_mode", "isolated_margin BTCUSDT", "leverage BTCUSDT", "key_rights"),
        "nothing_foreign",
    ]


def test_a_position_an_order_or_a_stop_of_others_is_foreign() -> None:
    opened = ready().buy().protect().rest()
    (failure,) = checked(opened).failures
    assert failure.found == "BTCUSDT 0.01, BTCUSDT order, BTCUSDT stop"
    assert "twokey live emergency-stop" in failure.remedy


def test_orders_of_the_run_that_goes_on_are_not_foreign() -> None:
    opened = ready().buy()
    opened.by_hand.limit(newClientOrderId="r1-4")
    assert failed(opened, own="r1-") == []
    assert failed(opened, own="r2-") == ["nothing_foreign"]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/fapi/v1/accountConfig", ["one_way_mode", "single_asset_mode", "can_trade"]),
        ("/fapi/v1/symbolConfig", ["isolated_margin BTCUSDT", "leverage BTCUSDT"]),
        ("/fapi/v1/feeBurn", ["fee_burn"]),
        ("/fapi/v3/balance", ["no_credits_account"]),
        ("/sapi/v1/account/apiRestrictions", ["key_rights"]),
        ("/fapi/v1/time", ["clock"]),
        ("/fapi/v3/positionRisk", ["nothing_foreign"]),
        ("/fapi/v1/openOrders", ["nothing_foreign"]),
        ("/fapi/v1/openAlgoOrders", ["nothing_foreign"]),
        ("/fapi/v1/algoOrder", ["stops BTCUSDT"]),
        ("/fapi/v1/premiumIndex", ["stops BTCUSDT"]),
    ],
)
@pytest.mark.parametrize("kind", ["answer", "garbage_response", "lose_request"])
def test_what_cannot_be_read_does_not_pass(path: str, names: list[str], kind: str) -> None:
    opened = ready({"kind": kind, "path": path, **FROM_THE_START})
    assert failed(opened) == names


def test_a_clock_that_is_off_does_not_pass() -> None:
    opened = ready()
    found = opened.have(read_facts(opened.now, True))
    ahead = replace(found, asked_ns=found.asked_ns + S, answered_ns=found.answered_ns + S)
    (failure,) = clock(ahead, Rules(()))
    assert (failure.passed, failure.found) == (False, "-1000 ms from the exchange's")


def test_a_symbol_that_takes_no_orders_does_not_pass() -> None:
    opened = ready()
    closed = tuple(msgspec.structs.replace(contract, trading=False) for contract in opened.contracts)
    assert failed(opened, contracts=closed) == ["contract BTCUSDT"]


@pytest.mark.parametrize("kind", ["answer", "lose_request", "lose_response"])
def test_stops_that_cannot_be_placed_do_not_pass_and_nothing_rests(kind: str) -> None:
    opened = ready({"kind": kind, "method": "POST", "path": "/fapi/v1/algoOrder", **FROM_THE_START})
    assert failed(opened) == ["stops BTCUSDT"]
    assert opened.is_flat


def facts(**changes: Any) -> AccountFacts:
    """What an account that may start says, changed."""
    opened = ready()
    return replace(opened.have(read_facts(opened.now, True)), **changes)


@pytest.mark.parametrize(
    ("right", "found"),
    [
        ("enableWithdrawals", "the key can move money"),
        ("enableInternalTransfer", "the key can move money"),
        ("permitsUniversalTransfer", "the key can move money"),
        ("enableFutures", "the key cannot trade futures"),
        ("ipRestrict", "the key works from anywhere"),
    ],
)
def test_a_key_that_may_do_more_or_less_than_trade_does_not_pass(right: str, found: str) -> None:
    granted = {"ipRestrict": True, "enableFutures": True}
    refused = dict.fromkeys(("enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer"), False)
    body = granted | refused
    body[right] = not body[right]
    rights = msgspec.json.decode(json.dumps(body), type=KeyRights)
    failures = [check for check in key_rights(facts(rights=rights), Rules(())) if not check.passed]
    assert [check.found for check in failures] == [found]


def test_a_right_that_is_not_named_counts_as_given() -> None:
    rights = msgspec.json.decode(b'{"ipRestrict":true,"enableFutures":true}', type=KeyRights)
    assert not all(check.passed for check in key_rights(facts(rights=rights), Rules(())))


def test_an_account_in_the_credits_mode_does_not_pass() -> None:
    (found,) = no_credits(facts(assets=("USDT", CREDITS)), Rules(()))
    assert isinstance(found, Checked)
    assert not found.passed
