"""Accounts, conditional orders and contracts under faults, in process: trigger, events, end, and sound books."""

import json
from typing import Any

import pytest

from live.simulator.http.credentials import Credential
from tests.live.conftest import KEY, SECRET
from tests.live.simulator.faults.tried import ALGO, Tried, tried

SECOND_FILL = {"when": {"condition": "fill", "nth": 2}}
OPEN = {"when": {"condition": "position_open"}}


def order_events(client: Tried, user: int) -> list[Any]:
    return [event["o"] for event in client.events(user, "ORDER_TRADE_UPDATE")]


def incomes(client: Tried, kind: str) -> list[str]:
    return [row["income"] for row in client.ask("GET", "/fapi/v1/income", incomeType=kind)]


def elapsed(client: Tried) -> int:
    return client.venue.now_ms - (client.venue.faults.began_ms or 0)


@pytest.mark.parametrize(
    ("fault", "client_id", "left"),
    [
        ({"kind": "foreign_action", "action": "close"}, "web_", "0"),
        ({"kind": "liquidate"}, "autoclose-", "0"),
        ({"kind": "partial_liquidation", "percent": 25}, "autoclose-", "0.015"),
        ({"kind": "adl"}, "adl_autoclose", "0"),
        ({"kind": "adl", "percent": 50}, "adl_autoclose", "0.01"),
    ],
)
def test_a_position_is_closed_by_others_after_the_second_fill_and_only_once(
    fault: dict[str, Any], client_id: str, left: str
) -> None:
    client = tried(fault | SECOND_FILL)
    user = client.user_stream()
    client.market()
    assert client.position() == "0.01"
    client.market()
    assert client.position() == left
    events = [event for event in order_events(client, user) if event["c"].startswith(client_id)]
    assert [event["x"] for event in events] == ["NEW", "TRADE" if client_id == "web_" else "CALCULATED"]
    account = client.events(user, "ACCOUNT_UPDATE")[2]
    assert account["a"]["P"][0]["pa"] in (left, f"{float(left):.3f}")
    client.market()
    assert float(client.position()) == pytest.approx(float(left) + 0.01)
    client.check_books()


def test_liquidations_are_published_and_the_insurance_fund_is_paid() -> None:
    client = tried({"kind": "liquidate"} | SECOND_FILL)
    public = client.open("/market/ws/btcusdt@forceOrder")
    client.market()
    client.market()
    client.run(10)
    assert client.events(public, "forceOrder")[0]["o"]["q"] == "0.020"
    assert len(incomes(client, "INSURANCE_CLEAR")) == 1
    client.check_books()


def test_orders_are_cancelled_by_someone_else_and_stops_only_by_their_own_action() -> None:
    for action, orders, stops in (("cancel_orders", 0, 1), ("cancel_stops", 1, 0)):
        client = tried({"kind": "foreign_action", "action": action} | OPEN)
        user = client.user_stream()
        client.limit()
        client.stop()
        client.market()
        assert len(client.get("/fapi/v1/openOrders")) == orders
        assert len(client.get("/fapi/v1/openAlgoOrders")) == stops
        kind = "ORDER_TRADE_UPDATE" if action == "cancel_orders" else "ALGO_UPDATE"
        assert client.events(user, kind)[-1]["o"]["X"] == "CANCELED"
        client.check_books()


def test_leverage_is_changed_by_someone_else_with_its_event() -> None:
    client = tried({"kind": "foreign_action", "action": "leverage", "leverage": 3} | OPEN)
    user = client.user_stream()
    client.market()
    assert client.events(user, "ACCOUNT_CONFIG_UPDATE")[0]["ac"] == {"s": "BTCUSDT", "l": 3}
    assert client.get("/fapi/v1/symbolConfig")[0]["leverage"] == 3
    client.check_books()


def test_the_position_mode_is_changed_by_someone_else_without_any_event() -> None:
    client = tried({"kind": "foreign_action", "action": "position_mode", "when": {"at_ms": 500}})
    user = client.user_stream()
    client.run(600)
    assert client.ask("GET", "/fapi/v1/positionSide/dual") == {"dualSidePosition": True}
    assert client.events(user) == []
    assert client.market()["code"] == -4061


def test_the_margin_type_is_changed_by_someone_else() -> None:
    client = tried({"kind": "foreign_action", "action": "margin_type", "when": {"at_ms": 500}})
    client.run(600)
    assert client.get("/fapi/v1/symbolConfig")[0]["marginType"] == "ISOLATED"


def test_an_action_that_the_exchange_refuses_is_not_carried_out() -> None:
    client = tried({"kind": "foreign_action", "action": "margin_type"} | OPEN)
    client.market()
    assert client.get("/fapi/v1/symbolConfig")[0]["marginType"] == "CROSSED"
    client.check_books()


@pytest.mark.parametrize(("amount", "reason"), [("250.5", "DEPOSIT"), ("-250.5", "WITHDRAW")])
def test_money_is_transferred_by_someone_else(amount: str, reason: str) -> None:
    client = tried({"kind": "foreign_action", "action": "transfer", "amount": amount} | OPEN)
    user = client.user_stream()
    client.market()
    update = client.events(user, "ACCOUNT_UPDATE")[-1]["a"]
    assert (update["m"], float(update["B"][0]["bc"]), update["P"]) == (reason, float(amount), [])
    assert [float(row) for row in incomes(client, "TRANSFER")] == [float(amount)]
    client.check_books()


def test_an_act_of_another_account_or_symbol_leaves_this_one_alone() -> None:
    keys = (Credential("paper", KEY, SECRET), Credential("other", "other-key", "other-secret"))
    faults = ({"kind": "liquidate", "account": "other"} | OPEN, {"kind": "adl", "symbol": "ETHUSDT"} | OPEN)
    client = tried(*faults, credentials=keys)
    client.market()
    assert client.position() == "0.01"


def test_a_repeated_act_ends_after_its_count() -> None:
    client = tried({"kind": "foreign_action", "when": {"condition": "position_opens"}, "end": {"count": 2}})
    held = []
    for _ in range(3):
        client.market()
        held.append(client.position())
    assert held == ["0", "0", "0.01"]
    client.check_books()


def test_an_expired_listen_key_says_so_and_a_new_one_works() -> None:
    client = tried({"kind": "expire_listen_key"} | SECOND_FILL)
    user = client.user_stream()
    client.market()
    client.market()
    client.run(5)
    assert client.events(user)[-1]["e"] == "listenKeyExpired"
    seen = len(client.events(user))
    again = client.user_stream()
    client.market()
    assert (len(client.events(user)), bool(client.events(again))) == (seen, True)


@pytest.mark.parametrize(("percent", "filled"), [(100, "0.010"), (30, "0.003")])
def test_an_order_fills_after_its_cancellation_was_acknowledged(percent: int, filled: str) -> None:
    client = tried({"kind": "late_fill", "after_ms": 200, "percent": percent, "when": {"nth": 2}})
    user = client.user_stream()
    for number in range(3):
        client.limit(newClientOrderId=f"order-{number}")
        gone = client.ask("DELETE", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId=f"order-{number}")
        assert (gone["status"], gone["executedQty"]) == ("CANCELED", "0.000")
        client.run(150)
        assert client.position() in ("0", plain(filled))
        client.run(100)
    assert client.position() == plain(filled)
    late = [event["c"] for event in order_events(client, user) if event["x"] == "TRADE"]
    assert late == ["order-1"]
    found = client.get("/fapi/v1/order", origClientOrderId="order-1")
    assert (found["executedQty"], found["status"]) == (filled, "FILLED" if percent == 100 else "CANCELED")
    client.check_books()


def plain(quantity: str) -> str:
    return quantity.rstrip("0").rstrip(".")


def troubled(form: str, **fields: Any) -> tuple[Tried, int]:
    """A long position, whose second stop is in trouble; the tape reaches its trigger after two seconds."""
    client = tried({"kind": "algo_trouble", "form": form, "when": {"nth": 2}} | fields)
    user = client.user_stream()
    client.market()
    client.stop(trigger="50000.0", clientAlgoId="far")
    client.stop(trigger="59998.5", clientAlgoId="near")
    return client, user


def stop_states(client: Tried, user: int) -> list[str]:
    return [event["o"]["X"] for event in client.events(user, "ALGO_UPDATE") if event["o"]["caid"] == "near"]


@pytest.mark.parametrize(
    ("form", "states", "position"),
    [
        ("rejected", ["NEW", "TRIGGERING", "REJECTED"], "0.01"),
        ("hanging", ["NEW", "TRIGGERING"], "0.01"),
        ("canceled", ["NEW", "CANCELED"], "0.01"),
        ("vanished", ["NEW"], "0.01"),
    ],
)
def test_a_stop_in_trouble_leaves_the_position_naked(form: str, states: list[str], position: str) -> None:
    client, user = troubled(form, after_ms=1_000)
    client.run(4_000)
    assert stop_states(client, user) == states
    assert client.position() == position
    assert [row["clientAlgoId"] for row in client.get("/fapi/v1/openAlgoOrders")] == ["far"]
    client.stop(trigger="59996.0", clientAlgoId="again")  # the tape reaches it: only one order was in trouble
    client.run(6_000)
    assert client.position() == "0"
    client.check_books()


def test_a_stop_triggers_late_at_a_price_that_has_moved_on() -> None:
    client, user = troubled("late", after_ms=3_000)
    client.run(2_500)
    assert (stop_states(client, user), client.position()) == (["NEW"], "0.01")
    client.run(4_000)
    assert stop_states(client, user) == ["NEW", "TRIGGERING", "TRIGGERED", "FINISHED"]
    assert client.position() == "0"
    client.check_books()


def test_the_service_of_conditional_orders_alone_is_down() -> None:
    outage = {"kind": "algo_outage", "when": {"condition": "stop_waits"}, "end": {"duration_ms": 4_000}}
    client = tried(outage)
    client.market()
    client.stop(trigger="59998.5", clientAlgoId="near")
    for method, path in (("POST", ALGO), ("DELETE", ALGO), ("GET", ALGO), ("GET", "/fapi/v1/openAlgoOrders")):
        found = client.raw(method, path, symbol="BTCUSDT", clientAlgoId="near")
        assert found is not None
        assert found.status == 503
    client.run(3_500)
    assert client.position() == "0.01"
    assert client.limit()["status"] == "NEW"
    client.run(1_000)
    assert client.position() == "0"
    assert client.ask("GET", ALGO, clientAlgoId="near")["algoStatus"] == "FINISHED"
    client.check_books()


def test_a_restricted_account_may_open_again_after_the_end() -> None:
    client = tried({"kind": "restrict_account", "when": {"condition": "fill"}, "end": {"duration_ms": 2_000}})
    client.market()
    assert client.market()["code"] == -4400
    assert client.market("SELL", "0.005", reduceOnly="true")["status"] == "FILLED"
    client.run(2_000)
    assert client.market()["status"] == "FILLED"
    client.check_books()


def test_fees_are_paid_in_bnb_and_in_usdt_again_after_the_end() -> None:
    client = tried({"kind": "commission", "when": {"at_ms": 0}, "end": {"duration_ms": 3_000}})
    user = client.user_stream()
    assert {row["asset"]: row["balance"] for row in client.ask("GET", "/fapi/v3/balance")}["BNB"] == "1.00000000"
    client.market()
    client.run(3_000).market()
    fills = [event for event in order_events(client, user) if event["x"] == "TRADE"]
    assert [fill["N"] for fill in fills] == ["BNB", "USDT"]
    assert [row["commissionAsset"] for row in client.get("/fapi/v1/userTrades")] == ["BNB", "USDT"]
    assets = {row["asset"]: row["walletBalance"] for row in client.ask("GET", "/fapi/v3/account")["assets"]}
    assert float(assets["BNB"]) == pytest.approx(1 - float(fills[0]["n"]))
    client.check_books()


def test_filters_change_and_change_back() -> None:
    filters = {"PRICE_FILTER": {"tickSize": "0.50"}, "LOT_SIZE": {"stepSize": "0.005"}}
    change = {"kind": "change_filters", "symbol": "BTCUSDT", "filters": filters}
    client = tried(change | {"when": {"condition": "order_accepted"}, "end": {"duration_ms": 2_000}})
    assert client.limit(price="59000.1")["status"] == "NEW"
    assert client.limit(price="59000.1")["code"] == -4014
    assert client.limit(price="59000.5", quantity="0.011")["code"] == -4023
    [listed] = client.ask("GET", "/fapi/v1/exchangeInfo")["symbols"]
    assert listed["filters"][0]["tickSize"] == "0.50"
    client.run(2_000)
    assert client.limit(price="59000.1", quantity="0.011")["status"] == "NEW"
    client.check_books()


def test_brackets_change_and_change_back() -> None:
    row = {"leverage": 5, "floor": 0, "cap": 1_000, "maintenance": "0.1"}
    change = {"kind": "contract_change", "symbol": "BTCUSDT", "brackets": [row]}
    client = tried(change | {"when": {"at_ms": 500}, "end": {"duration_ms": 2_000}})
    before = client.get("/fapi/v1/leverageBracket")[0]["brackets"]
    client.run(600)
    [bracket] = client.get("/fapi/v1/leverageBracket")[0]["brackets"]
    assert (bracket["initialLeverage"], bracket["notionalCap"]) == (5, 1_000)
    assert client.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=20)["code"] == -4028
    client.run(2_000)
    assert client.get("/fapi/v1/leverageBracket")[0]["brackets"] == before
    assert client.ask("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=20)["leverage"] == 20


def test_the_funding_interval_changes_and_changes_back() -> None:
    hour = 3_600_000
    change = {"kind": "contract_change", "symbol": "BTCUSDT", "funding_interval_hours": 1}
    client = tried(change | {"when": {"at_ms": 500}, "end": {"duration_ms": 3 * hour}})
    client.market()
    client.run(600)
    for hours in (1, 2, 3):
        client.run(hour)
        assert len(incomes(client, "FUNDING_FEE")) == hours
    client.run(hour // 4)
    following = client.get("/fapi/v1/premiumIndex")["nextFundingTime"]
    assert following % (8 * hour) == 0
    client.run(2 * hour)
    assert len(incomes(client, "FUNDING_FEE")) == 3
    client.check_books()


@pytest.mark.parametrize(("status", "code"), [("TRADING_HALT", -4140), ("BREAK", -4140), ("PENDING_TRADING", -4108)])
def test_a_symbol_that_is_not_trading_refuses_orders_until_the_end(status: str, code: int) -> None:
    halt = {"kind": "symbol_status", "status": status, "when": {"at_ms": 500}, "end": {"duration_ms": 4_000}}
    client = tried(halt)
    client.market()
    client.stop(trigger="59998.5", clientAlgoId="near")
    client.limit(newClientOrderId="resting")
    client.run(600 - elapsed(client))
    assert client.ask("GET", "/fapi/v1/exchangeInfo")["symbols"][0]["status"] == status
    assert [found["code"] for found in (client.limit(), client.market(), client.stop("BUY", "70000.0"))] == [code] * 3
    gone = client.ask("DELETE", "/fapi/v1/order", symbol="BTCUSDT", origClientOrderId="resting")
    assert gone["status"] == "CANCELED"
    client.run(4_400 - elapsed(client))
    assert client.position() == "0.01"
    client.run(5_500 - elapsed(client))
    assert client.position() == "0"
    assert client.limit()["status"] == "NEW"
    assert client.ask("GET", "/fapi/v1/exchangeInfo")["symbols"][0]["status"] == "TRADING"
    client.check_books()


@pytest.mark.parametrize("status", ["SETTLING", "CLOSE"])
def test_a_settled_symbol_ends_its_orders_and_closes_its_positions(status: str) -> None:
    client = tried({"kind": "symbol_status", "status": status} | SECOND_FILL)
    user = client.user_stream()
    client.limit()
    client.stop()
    client.market()
    client.market()
    assert client.position() == "0"
    assert (client.get("/fapi/v1/openOrders"), client.get("/fapi/v1/openAlgoOrders")) == ([], [])
    assert order_events(client, user)[-1]["c"].startswith("settlement_autoclose-")
    expired = [event["er"] for event in order_events(client, user) if event["X"] == "EXPIRED"]
    assert expired == ["7"]
    client.check_books()


def test_two_changes_of_one_contract_end_independently() -> None:
    tick = {"kind": "change_filters", "symbol": "BTCUSDT", "filters": {"PRICE_FILTER": {"tickSize": "0.50"}}}
    halt = {"kind": "symbol_status", "when": {"at_ms": 500}, "end": {"duration_ms": 2_000}}
    client = tried(tick | {"when": {"at_ms": 1_000}, "end": {"duration_ms": 3_000}}, halt)
    seen = []
    for time_ms in (600, 1_100, 2_600, 4_100):
        client.run(time_ms - elapsed(client))
        [listed] = client.ask("GET", "/fapi/v1/exchangeInfo")["symbols"]
        seen.append((listed["status"], listed["filters"][0]["tickSize"]))
    assert seen == [("TRADING_HALT", "0.10"), ("TRADING_HALT", "0.50"), ("TRADING", "0.50"), ("TRADING", "0.10")]


def test_a_second_stop_after_an_unseen_first_turns_the_position() -> None:
    """The stop lands, its response is lost, and no query shows it: a second one under another id is a duplicate."""
    lost = {"kind": "lose_response", "method": "POST", "path": ALGO}
    hidden = {"kind": "late_visible", "orders": "conditional", "hidden_ms": 1_800_000}
    client = tried(lost, hidden)
    client.market()
    fields = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "quantity": "0.010"}
    fields |= {"algoType": "CONDITIONAL", "triggerPrice": "59998.5"}
    assert client.raw("POST", ALGO, clientAlgoId="first", **fields) is None
    assert client.ask("GET", ALGO, clientAlgoId="first")["code"] == -2013
    assert client.ask("POST", ALGO, clientAlgoId="second", **fields)["algoStatus"] == "NEW"
    client.run(4_000)
    assert client.position() == "-0.01"
    client.check_books()
    assert json.dumps(client.get("/fapi/v1/openAlgoOrders")) == "[]"
