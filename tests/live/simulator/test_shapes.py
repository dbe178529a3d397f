"""Responses and events have the fields and types of recorded payloads and of Binance's own SDK."""

import json
from pathlib import Path
from typing import Any

import pytest

from live.enums import ExecutionType, OrderType
from live.simulator.core.accounts import FeeTier
from live.simulator.core.commands import ForceLiquidation
from live.simulator.core.events import OrderChanged
from live.simulator.streams import user_frames
from live.simulator.streams.hub import encode
from tests.live.conftest import Running, Serve
from tests.live.simulator.http_requests import HttpClient, event, run_scenario
from tests.live.simulator.in_process import BUY, ME, SELL, SYMBOL, ExchangeDriver, make_exchange


@pytest.fixture
def fixtures(shared_data: Path) -> Path:
    return shared_data / "fixtures/nautilus_binance/futures"


def kind(value: Any) -> str:
    """JSON's own types; a decimal travels as a string."""
    return "null" if value is None else type(value).__name__


def lacking(real: Any, ours: Any, path: str = "") -> list[str]:
    """Fields of `real` that `ours` does not have with the same type; lists are compared by their first entries."""
    if isinstance(real, dict) and isinstance(ours, dict):
        missing = [f"{path}.{name} is missing" for name in real if name not in ours]
        return missing + [p for name in real if name in ours for p in lacking(real[name], ours[name], f"{path}.{name}")]
    if isinstance(real, list) and isinstance(ours, list):
        return lacking(real[0], ours[0], f"{path}[0]") if real and ours else []
    return [] if kind(real) == kind(ours) else [f"{path} is {kind(ours)}, not {kind(real)}"]


def test_the_comparison_notices_a_missing_field_and_a_wrong_type() -> None:
    assert lacking({"a": "1", "b": [{"c": 1}]}, {"a": 1, "b": [{}]}) == [".a is int, not str", ".b[0].c is missing"]


REST = {
    "account_info_v2.json": ("GET", "/fapi/v2/account", {}),
    "balance.json": ("GET", "/fapi/v3/balance", {}),
    "open_algo_orders.json": ("GET", "/fapi/v1/openAlgoOrders", {}),
    "order_response.json": ("GET", "/fapi/v1/order", {"symbol": "BTCUSDT", "origClientOrderId": "mine"}),
    "position_risk.json": ("GET", "/fapi/v2/positionRisk", {"symbol": "BTCUSDT"}),
}


@pytest.mark.parametrize("name", REST)
def test_a_rest_answer_has_the_fields_of_the_real_one(serve: Serve, fixtures: Path, name: str) -> None:
    real = json.loads((fixtures / "http_json" / name).read_text(encoding="utf-8"))

    async def scenario(client: HttpClient, running: Running) -> None:
        await client.market()
        await client.order(newClientOrderId="mine")
        fields = {"symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "triggerPrice": "59000.0"}
        await client.signed("POST", "/fapi/v1/algoOrder", algoType="CONDITIONAL", quantity="0.010", **fields)
        method, path, params = REST[name]
        reply = await client.signed(method, path, **params)
        assert lacking(real, reply.body) == []

    run_scenario(serve, scenario)


PUBLIC = {
    "GET /fapi/v1/time": {},
    "exchangeInfo.rateLimits": {},
    "exchangeInfo.symbols[BTCUSDT]": {},
    "GET /fapi/v1/premiumIndex?symbol=BTCUSDT": {},
    "GET /fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=3": {},
    "GET /fapi/v1/ticker/bookTicker?symbol=BTCUSDT": {},
    "GET /fapi/v1/depth?symbol=BTCUSDT&limit=5": {},
    "GET /fapi/v1/aggTrades?symbol=BTCUSDT&limit=2": {},
}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_answer_has_the_fields_of_the_recorded_one(serve: Serve, shared_data: Path, name: str) -> None:
    notes = json.loads((shared_data / "fixtures/binance_fapi_thirdparty_notes_2026-09-15.json").read_text())
    real = json.loads(notes["ok"][name])

    async def scenario(client: HttpClient, running: Running) -> None:
        running.play(200)
        if name.startswith("exchangeInfo"):
            body = (await client.request("GET", "/fapi/v1/exchangeInfo")).body
            ours = body["rateLimits"] if "rateLimits" in name else body["symbols"][0]
        else:
            path, _, query = name.removeprefix("GET ").partition("?")
            fields = dict(field.split("=") for field in query.split("&")) if query else {}
            ours = (await client.request("GET", path, **fields)).body
        assert lacking(real, ours) == []

    run_scenario(serve, scenario)


STREAMS = {
    "agg_trade_stream.json": "btcusdt@aggTrade",
    "book_ticker_stream.json": "btcusdt@bookTicker",
    "depth_update_stream.json": "btcusdt@depth@100ms",
    "kline_stream_open.json": "btcusdt@kline_1m",
    "mark_price_stream.json": "btcusdt@markPrice@1s",
    "ticker_stream.json": "btcusdt@ticker",
    "trade_stream.json": "btcusdt@trade",
}


@pytest.mark.parametrize("name", STREAMS)
def test_a_market_frame_has_the_fields_of_the_real_one(serve: Serve, fixtures: Path, name: str) -> None:
    real = json.loads((fixtures / "market_data_json" / name).read_text(encoding="utf-8"))

    async def scenario(client: HttpClient, running: Running) -> None:
        socket = await client.socket(f"/ws/{STREAMS[name]}")
        running.play(200)
        ours = await event(socket)
        assert lacking(real, ours) == []
        assert ours["st"] == 1

    run_scenario(serve, scenario)


def user_events() -> dict[str, Any]:
    """Events of a short life: a trade, a stop that is cancelled, a liquidation."""
    driver = ExchangeDriver(make_exchange(fees=FeeTier())).opened("60000.0x5", "60000.1x5")
    driver.order(BUY, "0.5")
    driver.order(SELL, "0.1", "60100.0")
    driver.stop(SELL, "0.1", OrderType.STOP_MARKET, "59000.0")
    driver.send(ForceLiquidation(ME, SYMBOL))
    rules = driver.feed.listed
    found: dict[str, Any] = {}
    for happened in driver.events:
        for frame in json.loads(encode(user_frames.frames(happened, rules))):
            found.setdefault(frame["e"], frame)
            if isinstance(happened, OrderChanged) and "o" in frame:
                found[f"{happened.execution}"] = frame
    return found


USER = {
    "account_update.json": "ACCOUNT_UPDATE",
    "algo_update_new.json": "ALGO_UPDATE",
    "order_update_calculated.json": str(ExecutionType.CALCULATED),
    "order_update_new.json": str(ExecutionType.NEW),
    "order_update_trade.json": str(ExecutionType.TRADE),
    "trade_lite.json": "TRADE_LITE",
}


@pytest.mark.parametrize("name", USER)
def test_a_user_event_has_the_fields_of_the_real_one(fixtures: Path, name: str) -> None:
    real = json.loads((fixtures / "user_data_json" / name).read_text(encoding="utf-8"))
    assert lacking(real, user_events()[USER[name]]) == []


MODELS = {
    "POST /fapi/v1/order": "NewOrderResponse",
    "PUT /fapi/v1/order": "ModifyOrderResponse",
    "DELETE /fapi/v1/order": "CancelOrderResponse",
    "GET /fapi/v3/account": "AccountInformationV3Response",
    "GET /fapi/v3/positionRisk": "PositionInformationV3ResponseInner",
    "GET /fapi/v1/userTrades": "AccountTradeListResponseInner",
    "GET /fapi/v1/income": "GetIncomeHistoryResponseInner",
    "GET /fapi/v1/symbolConfig": "SymbolConfigurationResponseInner",
    "GET /fapi/v1/accountConfig": "FuturesAccountConfigurationResponse",
    "GET /fapi/v1/leverageBracket": "NotionalAndLeverageBracketsResponse2",
    "GET /fapi/v1/commissionRate": "UserCommissionRateResponse",
    "POST /fapi/v1/algoOrder": "NewAlgoOrderResponse",
    "GET /fapi/v1/algoOrder": "QueryAlgoOrderResponse",
    "GET /fapi/v1/allAlgoOrders": "QueryAllAlgoOrdersResponseInner",
    "GET /fapi/v1/orderAmendment": "GetOrderModifyHistoryResponseInner",
    "POST /fapi/v1/countdownCancelAll": "AutoCancelAllOpenOrdersResponse",
    "GET /fapi/v1/ticker/24hr": "Ticker24hrPriceChangeStatisticsResponse1",
    "GET /fapi/v1/trades": "RecentTradesListResponseInner",
}
"""Answers and the SDK's strict models of them."""

COIN_M_ONLY = {
    "AccountTradeListResponseInner": {"baseQty", "pair"},
    "CancelOrderResponse": {"activatePrice", "priceRate"},
}
"""Fields of the generated models that belong to COIN-M, or to orders that have moved to algoOrder."""


def test_answers_satisfy_the_models_of_binances_own_sdk(serve: Serve) -> None:
    models = pytest.importorskip("binance_sdk_derivatives_trading_usds_futures.rest_api.models")

    async def scenario(client: HttpClient, running: Running) -> None:
        running.play(200)
        answers = await one_life(client)
        for name, model_name in MODELS.items():
            answer = answers[name]
            entry = answer[0] if isinstance(answer, list) else answer
            model = getattr(models, model_name)
            wanted = {field.alias or key for key, field in model.model_fields.items()} - {"additional_properties"}
            assert wanted - set(entry) - COIN_M_ONLY.get(model_name, set()) == set(), name
            model.model_validate_json(json.dumps(entry))

    run_scenario(serve, scenario)


async def one_life(client: HttpClient) -> dict[str, Any]:
    """Each call of MODELS, once."""
    symbol = {"symbol": "BTCUSDT"}
    answers = {"POST /fapi/v1/order": (await client.order()).body}
    order_id = answers["POST /fapi/v1/order"]["orderId"]
    change = symbol | {"orderId": order_id, "side": "BUY", "quantity": "0.020", "price": "59990.0"}
    answers["PUT /fapi/v1/order"] = (await client.signed("PUT", "/fapi/v1/order", **change)).body
    await client.market()
    stop = symbol | {"side": "SELL", "type": "STOP_MARKET", "triggerPrice": "59000.0", "quantity": "0.010"}
    placed = (await client.signed("POST", "/fapi/v1/algoOrder", algoType="CONDITIONAL", **stop)).body
    answers["POST /fapi/v1/algoOrder"] = placed
    answers["POST /fapi/v1/countdownCancelAll"] = (
        await client.signed("POST", "/fapi/v1/countdownCancelAll", countdownTime=5000, **symbol)
    ).body
    more = {
        "GET /fapi/v1/algoOrder": {"algoId": placed["algoId"]},
        "GET /fapi/v1/orderAmendment": {"orderId": order_id},
    }
    for name in MODELS:
        method, path = name.split()
        if name not in answers and method == "GET":
            answers[name] = (await client.signed("GET", path, **symbol | more.get(name, {}))).body
    gone = await client.signed("DELETE", "/fapi/v1/order", orderId=order_id, **symbol)
    return answers | {"DELETE /fapi/v1/order": gone.body}
