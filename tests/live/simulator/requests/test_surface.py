"""Every endpoint that ccxt, python-binance or Binance's SDK calls is served, or refused on purpose."""

import ast
import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from live.simulator.core.commands import ForceLiquidation
from live.simulator.http.endpoints.not_served import NOT_SERVED
from live.simulator.http.endpoints.served import ENDPOINTS
from tests.live.simulator.requests.byte_client import MARKET_ORDER, ByteClient, open_bytes

Endpoints = set[tuple[str, str]]
SYMBOL = {"symbol": "BTCUSDT"}


@pytest.fixture
def client(generated_tape: Path) -> ByteClient:
    return open_bytes(generated_tape)


def folder_of(module: str) -> Path:
    found = find_spec(module)
    if found is None or found.origin is None:
        pytest.skip(f"{module} is in the dev extra")
    return Path(found.origin).parent


def of_the_sdk() -> Endpoints:
    folder = folder_of("binance_sdk_derivatives_trading_usds_futures") / "rest_api" / "api"
    calls = r'method="(\w+)",\s*path="([^"]+)"'
    return {found for path in folder.glob("*.py") for found in re.findall(calls, path.read_text(encoding="utf-8"))}


def of_python_binance() -> Endpoints:
    """Methods and versions of `_request_futures_api` and `_request_futures_data_api`, from the client's source."""
    tree = ast.parse((folder_of("binance") / "async_client.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    return {
        _endpoint(call) for call in calls if _called(call).startswith("_request_futures_") and len(call.args) > 1
    } - {("", "")}


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _endpoint(call: ast.Call) -> tuple[str, str]:
    known = [argument.value if isinstance(argument, ast.Constant) else None for argument in call.args]
    named = {keyword.arg: keyword.value.value for keyword in call.keywords if isinstance(keyword.value, ast.Constant)}
    if _called(call) not in ("_request_futures_api", "_request_futures_data_api") or not isinstance(known[1], str):
        return "", ""
    version = named.get("version", known[3] if len(known) > 3 else 1)
    base = f"/fapi/v{version}/" if _called(call) == "_request_futures_api" else "/futures/data/"
    return str(known[0]).upper(), base + known[1]


def of_ccxt() -> Endpoints:
    ccxt = pytest.importorskip("ccxt")
    api = ccxt.binanceusdm().describe()["api"]
    bases = {
        "fapiPublic": "/fapi/v1/",
        "fapiPrivate": "/fapi/v1/",
        "fapiPublicV2": "/fapi/v2/",
        "fapiPrivateV2": "/fapi/v2/",
        "fapiPrivateV3": "/fapi/v3/",
        "fapiData": "/futures/data/",
    }
    return {
        (method.upper(), base + path)
        for name, base in bases.items()
        for method, paths in api[name].items()
        for path in paths
    }


@pytest.mark.parametrize("known", [of_the_sdk, of_python_binance, of_ccxt])
def test_what_a_client_can_call_is_served_or_refused_on_purpose(known: Any) -> None:
    endpoints = known()
    assert len(endpoints) > 50
    assert endpoints - set(ENDPOINTS) - set(NOT_SERVED) == set()


def test_nothing_is_both_served_and_refused() -> None:
    assert set(ENDPOINTS) & set(NOT_SERVED) == set()


def test_what_is_refused_on_purpose_is_named_in_the_answer(client: ByteClient) -> None:
    for method, path in NOT_SERVED:
        reply = client.ask(method, path)
        assert (reply.status, reply.body) == (404, {"code": -5000, "msg": f"Path {path}, Method {method} is invalid"})


def test_open_interest_is_what_is_held_here(client: ByteClient) -> None:
    assert client.send("GET", "/fapi/v1/openInterest?symbol=BTCUSDT").body["openInterest"] == "0.000"
    client.ask("POST", "/fapi/v1/order", **MARKET_ORDER | {"side": "SELL"})
    shown = client.send("GET", "/fapi/v1/openInterest?symbol=BTCUSDT").body
    assert (shown["symbol"], shown["openInterest"]) == ("BTCUSDT", "0.010")
    assert abs(shown["time"] - client.venue.now_ms) <= 1
    assert client.send("GET", "/fapi/v1/openInterest").code == -1102


def test_the_funding_interval_of_each_symbol_is_listed(client: ByteClient) -> None:
    [entry] = client.send("GET", "/fapi/v1/fundingInfo").body
    assert (entry["symbol"], entry["fundingIntervalHours"]) == ("BTCUSDT", 8)
    assert (entry["adjustedFundingRateCap"], entry["adjustedFundingRateFloor"]) == ("0.00300000", "-0.00300000")


def test_moved_margin_is_listed_by_type(client: ByteClient) -> None:
    client.ask("POST", "/fapi/v1/marginType", **SYMBOL, marginType="ISOLATED")
    client.ask("POST", "/fapi/v1/order", **MARKET_ORDER)
    for kind, amount in ((1, "50"), (2, "20.5")):
        assert client.ask("POST", "/fapi/v1/positionMargin", **SYMBOL, type=kind, amount=amount).status == 200
    rows = client.ask("GET", "/fapi/v1/positionMargin/history", **SYMBOL).body
    assert [(row["type"], row["amount"], row["positionSide"]) for row in rows] == [
        (1, "50.00000000", "BOTH"),
        (2, "20.50000000", "BOTH"),
    ]
    assert client.ask("GET", "/fapi/v1/positionMargin/history", **SYMBOL, type=2).body == rows[1:]
    assert client.ask("GET", "/fapi/v1/positionMargin/history", **SYMBOL, type=3).code == -1130


def test_the_bnb_discount_is_switched_and_read_back(client: ByteClient) -> None:
    for wanted in (False, True):
        assert client.ask("POST", "/fapi/v1/feeBurn", feeBurn=str(wanted)).body == {"code": 200, "msg": "success"}
        assert client.ask("GET", "/fapi/v1/feeBurn").body == {"feeBurn": wanted}
    assert client.ask("POST", "/fapi/v1/feeBurn").code == -1102
    assert client.ask("POST", "/fapi/v1/feeBurn", feeBurn="1").code == -1130


def test_the_asset_mode_changes_under_its_rules_and_is_reported(client: ByteClient) -> None:
    key = client.send("POST", "/fapi/v1/listenKey").body["listenKey"]
    connection = client.venue.connect(f"/private/ws/{key}")

    def change(multi: str) -> int | None:
        return client.ask("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin=multi).code

    assert change("false") == -4171
    client.ask("POST", "/fapi/v1/marginType", **SYMBOL, marginType="ISOLATED")
    assert change("true") == -4167
    client.ask("POST", "/fapi/v1/marginType", **SYMBOL, marginType="CROSSED")
    order_id = client.ask("POST", "/fapi/v1/order", **MARKET_ORDER | LIMIT).body["orderId"]
    assert change("true") == -4170
    client.ask("DELETE", "/fapi/v1/order", **SYMBOL, orderId=order_id)
    assert change("true") == 200
    assert client.ask("GET", "/fapi/v1/multiAssetsMargin").body == {"multiAssetsMargin": True}
    assert client.ask("GET", "/fapi/v1/accountConfig").body["multiAssetsMargin"] is True
    assert client.ask("POST", "/fapi/v1/marginType", **SYMBOL, marginType="ISOLATED").code == -4168
    assert any(b'"ai":{"j":true}' in frame for frame in client.frames(connection))


LIMIT = {"type": "LIMIT", "timeInForce": "GTC", "price": "59990.0"}


def test_a_liquidation_is_listed_among_the_force_orders(client: ByteClient) -> None:
    client.ask("POST", "/fapi/v1/order", **MARKET_ORDER)
    assert client.ask("GET", "/fapi/v1/forceOrders").body == []
    client.venue.engine.carry_out(ForceLiquidation("paper", "BTCUSDT"))
    [entry] = client.ask("GET", "/fapi/v1/forceOrders", autoCloseType="LIQUIDATION").body
    assert entry["clientOrderId"].startswith("autoclose-")
    assert (entry["side"], entry["origQty"], entry["status"]) == ("SELL", "0.010", "FILLED")
    assert client.ask("GET", "/fapi/v1/forceOrders", autoCloseType="ADL").body == []
    assert client.ask("GET", "/fapi/v1/forceOrders", autoCloseType="NONE").code == -1130


def test_a_restricted_account_is_shown_as_locked(client: ByteClient) -> None:
    assert client.ask("GET", "/fapi/v1/apiTradingStatus").body["indicators"] == {}
    client.venue.state.accounts["paper"].reduce_only_account = True
    [lock] = client.ask("GET", "/fapi/v1/apiTradingStatus", **SYMBOL).body["indicators"]["ACCOUNT"]
    assert lock["isLocked"] is True


def test_the_queue_of_adl_lists_symbols_with_positions(client: ByteClient) -> None:
    assert client.ask("GET", "/fapi/v1/adlQuantile").body == []
    client.ask("POST", "/fapi/v1/order", **MARKET_ORDER)
    [entry] = client.ask("GET", "/fapi/v1/adlQuantile").body
    assert entry == {"symbol": "BTCUSDT", "adlQuantile": {"LONG": 0, "SHORT": 0, "BOTH": 0}}


MODELS = {
    "/fapi/v1/fundingInfo": "GetFundingRateInfoResponseInner",
    "/fapi/v1/fundingRate": "GetFundingRateHistoryResponseInner",
    "/fapi/v1/openInterest": "OpenInterestResponse",
    "/fapi/v1/forceOrders": "UsersForceOrdersResponseInner",
    "/fapi/v1/positionMargin/history": "GetPositionMarginChangeHistoryResponseInner",
    "/fapi/v1/adlQuantile": "PositionAdlQuantileEstimationResponseInner",
    "/fapi/v1/feeBurn": "GetBnbBurnStatusResponse",
    "/fapi/v1/multiAssetsMargin": "GetCurrentMultiAssetsModeResponse",
    "/fapi/v1/rateLimit/order": "QueryUserRateLimitResponseInner",
    "/fapi/v1/insuranceBalance": "QueryInsuranceFundBalanceSnapshotResponse1",
    "/fapi/v1/rpiDepth": "RpiOrderBookResponse",
    "/fapi/v1/historicalTrades": "OldTradesLookupResponseInner",
    "/fapi/v1/income": "GetIncomeHistoryResponseInner",
}
COIN_M_ONLY = {"pair", "cumBase", "baseQty"}


def test_answers_satisfy_the_models_of_binances_own_sdk(client: ByteClient) -> None:
    models = pytest.importorskip("binance_sdk_derivatives_trading_usds_futures.rest_api.models")
    client.ask("POST", "/fapi/v1/marginType", **SYMBOL, marginType="ISOLATED")
    client.ask("POST", "/fapi/v1/order", **MARKET_ORDER)
    client.venue.engine.carry_out(ForceLiquidation("paper", "BTCUSDT"))
    client.ask("POST", "/fapi/v1/order", **MARKET_ORDER)
    client.ask("POST", "/fapi/v1/positionMargin", **SYMBOL, type=1, amount=5)
    client.run(9 * 3600 * 10**9)
    answers = {path: client.ask("GET", path, **SYMBOL).body for path in MODELS}
    for path, name in MODELS.items():
        answer, model = answers[path], getattr(models, name)
        assert answer, path
        entry = answer[0] if isinstance(answer, list) else answer
        wanted = {field.alias or key for key, field in model.model_fields.items()} - {"additional_properties"}
        assert wanted - set(entry) - COIN_M_ONLY == set(), path
        model.model_validate_json(json.dumps(entry))


def test_a_key_can_trade_futures_and_withdraw_nothing(client: ByteClient) -> None:
    found = client.ask("GET", "/sapi/v1/account/apiRestrictions").body
    assert (found["enableFutures"], found["enableReading"], found["enableWithdrawals"]) == (True, True, False)
