"""Three unmodified client libraries, configured to use the simulator, behind one interface.

Every operation returns exact values, so that one assertion serves all clients.
"""

import asyncio
import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Protocol

from tests.live.conftest import KEY, SECRET

SYMBOL, UNIFIED = "BTCUSDT", "BTC/USDT:USDT"
Levels = list[tuple[Decimal, Decimal]]


class Client(Protocol):
    """Operations of a client; the docstrings of the implementations name the library's calls."""

    name: str

    async def open(self, host: str) -> None: ...
    async def close(self) -> None: ...
    async def load_markets(self) -> dict[str, Decimal]: ...
    async def follow_book(self) -> None: ...
    async def book(self, update_id: int) -> tuple[Levels, Levels]: ...
    async def watch_user(self) -> None: ...
    async def user_event(self) -> str: ...
    async def place(self, side: str, quantity: str, price: str) -> int: ...
    async def place_market(self, side: str, quantity: str) -> str: ...
    async def amend(self, order_id: int, side: str, quantity: str, price: str) -> tuple[str, str]: ...
    async def cancel(self, order_id: int) -> str: ...
    async def cancel_many(self, order_ids: list[int]) -> list[str]: ...
    async def cancel_named(self, client_ids: list[str]) -> list[str]: ...
    async def open_interest(self) -> Decimal: ...
    async def stop(self, side: str, quantity: str, trigger: str) -> int: ...
    async def balance(self) -> Decimal: ...
    async def positions(self) -> dict[str, Decimal]: ...
    async def trades(self) -> list[tuple[Decimal, Decimal]]: ...


class CcxtPro:
    """ccxt.pro, binanceusdm."""

    name = "ccxt.pro"

    async def open(self, host: str) -> None:
        import ccxt.pro

        options = {"fetchMargins": False, "fetchCurrencies": False}
        self.exchange = ccxt.pro.binanceusdm({"apiKey": KEY, "secret": SECRET, "options": options})
        api = self.exchange.urls["api"]
        for name in [name for name in api if name.startswith("fapi")]:
            api[name] = api[name].replace("https://fapi.binance.com", f"http://{host}")
        api["ws"]["linear"] = f"ws://{host}/ws"
        api["ws"]["ws-api"]["linear"] = f"ws://{host}/ws-fapi/v1"
        self.watching: asyncio.Task[Any] | None = None
        await self.exchange.load_markets()

    async def close(self) -> None:
        if self.watching:
            self.watching.cancel()
        await self.exchange.close()

    async def load_markets(self) -> dict[str, Decimal]:
        """`load_markets`"""
        market = (await self.exchange.load_markets(True))[UNIFIED]
        return {
            "tick": Decimal(str(market["precision"]["price"])),
            "step": Decimal(str(market["precision"]["amount"])),
            "notional": Decimal(str(market["limits"]["cost"]["min"])),
        }

    async def follow_book(self) -> None:
        """`watch_order_book`"""
        self.watching = asyncio.ensure_future(self.exchange.watch_order_book(UNIFIED))

    async def book(self, update_id: int) -> tuple[Levels, Levels]:
        assert self.watching
        await self.watching
        found = self.exchange.orderbooks[UNIFIED]
        while found["nonce"] != update_id:  # the client goes on updating it
            await asyncio.sleep(0)
        bids, asks = ([(Decimal(str(p)), Decimal(str(q))) for p, q in found[side]] for side in ("bids", "asks"))
        return bids, asks

    async def watch_user(self) -> None:
        """`watch_orders`"""
        self.watching = asyncio.ensure_future(self.exchange.watch_orders(UNIFIED))

    async def user_event(self) -> str:
        assert self.watching
        orders = await self.watching
        return str(orders[-1]["id"])

    async def place(self, side: str, quantity: str, price: str) -> int:
        """`create_order` (limit)"""
        order = await self.exchange.create_order(UNIFIED, "limit", side.lower(), float(quantity), float(price))
        return int(order["id"])

    async def place_market(self, side: str, quantity: str) -> str:
        order = await self.exchange.create_order(UNIFIED, "market", side.lower(), float(quantity))
        return {"closed": "FILLED"}[order["status"]]

    async def amend(self, order_id: int, side: str, quantity: str, price: str) -> tuple[str, str]:
        """`edit_order`"""
        params = (str(order_id), UNIFIED, "limit", side.lower(), float(quantity), float(price))
        order = await self.exchange.edit_order(*params)
        return order["info"]["price"], order["info"]["origQty"]

    async def cancel(self, order_id: int) -> str:
        """`cancel_order`"""
        return str((await self.exchange.cancel_order(str(order_id), UNIFIED))["info"]["status"])

    async def cancel_many(self, order_ids: list[int]) -> list[str]:
        """`cancel_orders`"""
        found = await self.exchange.cancel_orders([str(number) for number in order_ids], UNIFIED)
        return [order["info"]["status"] for order in found]

    async def cancel_named(self, client_ids: list[str]) -> list[str]:
        """`cancel_orders` with `clientOrderIds`"""
        found = await self.exchange.cancel_orders([], UNIFIED, {"clientOrderIds": client_ids})
        return [order["info"]["status"] for order in found]

    async def open_interest(self) -> Decimal:
        """`fetch_open_interest`"""
        return Decimal((await self.exchange.fetch_open_interest(UNIFIED))["info"]["openInterest"])

    async def stop(self, side: str, quantity: str, trigger: str) -> int:
        """`create_order` with `stopLossPrice`"""
        params = {"stopLossPrice": trigger, "reduceOnly": True}
        order = await self.exchange.create_order(UNIFIED, "market", side.lower(), float(quantity), None, params)
        return int(order["id"])

    async def balance(self) -> Decimal:
        """`fetch_balance`"""
        return Decimal((await self.exchange.fetch_balance())["info"]["totalWalletBalance"])

    async def positions(self) -> dict[str, Decimal]:
        """`fetch_positions`"""
        held = await self.exchange.fetch_positions()
        return {entry["info"]["symbol"]: Decimal(entry["info"]["positionAmt"]) for entry in held}

    async def trades(self) -> list[tuple[Decimal, Decimal]]:
        """`fetch_my_trades`"""
        return [
            (Decimal(t["info"]["price"]), Decimal(t["info"]["qty"]))
            for t in await self.exchange.fetch_my_trades(UNIFIED)
        ]


class LocalLevels:
    """An order book maintained from snapshot and diffs by Binance's documented steps, for clients without one."""

    def __init__(self) -> None:
        self.buffered: list[dict[str, Any]] = []
        self.sides: tuple[dict[str, str], dict[str, str]] | None = None
        self.update_id = 0
        self.moved = asyncio.Event()

    def load(self, last_update_id: int, bids: list[list[str]], asks: list[list[str]]) -> None:
        self.sides, self.update_id = (dict(map(tuple, bids)), dict(map(tuple, asks))), last_update_id
        for event in self.buffered:
            self.apply(event)

    def receive(self, event: dict[str, Any]) -> None:
        self.buffered.append(event)
        if self.sides is not None:
            self.apply(event)

    def apply(self, event: dict[str, Any]) -> None:
        if event["u"] < self.update_id or self.sides is None:
            return
        assert event["U"] <= self.update_id <= event["u"] or event["pu"] == self.update_id, "a gap"
        for side, levels in zip(self.sides, (event["b"], event["a"]), strict=True):
            side.update((price, quantity) for price, quantity in levels)
        self.update_id = event["u"]
        self.moved.set()

    async def at(self, update_id: int) -> tuple[Levels, Levels]:
        while self.update_id != update_id:
            self.moved.clear()
            await self.moved.wait()
        assert self.sides
        bids, asks = ([(Decimal(p), Decimal(q)) for p, q in side.items() if Decimal(q)] for side in self.sides)
        return sorted(bids, reverse=True), sorted(asks)


class PythonBinance:
    """python-binance, AsyncClient and BinanceSocketManager."""

    name = "python-binance"

    async def open(self, host: str) -> None:
        from binance import AsyncClient, BinanceSocketManager

        AsyncClient.FUTURES_URL, AsyncClient.API_URL = f"http://{host}/fapi", f"http://{host}/api"
        AsyncClient.FUTURES_DATA_URL = f"http://{host}/futures/data"
        AsyncClient.WS_FUTURES_URL = f"ws://{host}/ws-fapi/v1"
        BinanceSocketManager.FSTREAM_URL = f"ws://{host}/"
        self.client = await AsyncClient.create(KEY, SECRET)
        self.sockets = BinanceSocketManager(self.client)
        self.socket: Any = None
        self.reading: asyncio.Task[None] | None = None

    async def close(self) -> None:
        if self.reading:
            self.reading.cancel()
        if self.socket:
            await self.socket.__aexit__(None, None, None)
        await self.client.close_connection()

    async def load_markets(self) -> dict[str, Decimal]:
        """`futures_exchange_info`"""
        [symbol] = (await self.client.futures_exchange_info())["symbols"]
        filters = {entry["filterType"]: entry for entry in symbol["filters"]}
        return _facts(
            filters["PRICE_FILTER"]["tickSize"], filters["LOT_SIZE"]["stepSize"], filters["MIN_NOTIONAL"]["notional"]
        )

    async def follow_book(self) -> None:
        """`futures_multiplex_socket`, `futures_order_book`"""
        self.levels = LocalLevels()
        name = f"{SYMBOL.lower()}@depth@100ms"
        self.socket = self.sockets.futures_multiplex_socket([name], category="public")
        self.socket.TIMEOUT = 0.2  # its reader looks this often whether it may end
        await self.socket.__aenter__()
        self.reading = asyncio.ensure_future(self._read())
        snapshot = await self.client.futures_order_book(symbol=SYMBOL, limit=1000)
        self.levels.load(snapshot["lastUpdateId"], snapshot["bids"], snapshot["asks"])

    async def _read(self) -> None:
        while True:
            self.levels.receive((await self.socket.recv())["data"])

    async def book(self, update_id: int) -> tuple[Levels, Levels]:
        return await self.levels.at(update_id)

    async def watch_user(self) -> None:
        """`futures_user_socket`"""
        self.socket = self.sockets.futures_user_socket()
        self.socket.TIMEOUT = 0.2  # its reader looks this often whether it may end
        await self.socket.__aenter__()

    async def user_event(self) -> str:
        return str((await self.socket.recv())["o"]["i"])

    async def place(self, side: str, quantity: str, price: str) -> int:
        """`futures_create_order`"""
        params = {"symbol": SYMBOL, "side": side, "quantity": quantity, "price": price}
        order = await self.client.futures_create_order(type="LIMIT", timeInForce="GTC", **params)
        return int(order["orderId"])

    async def place_market(self, side: str, quantity: str) -> str:
        params = {"symbol": SYMBOL, "side": side, "quantity": quantity, "newOrderRespType": "RESULT"}
        return str((await self.client.futures_create_order(type="MARKET", **params))["status"])

    async def amend(self, order_id: int, side: str, quantity: str, price: str) -> tuple[str, str]:
        """`futures_modify_order`"""
        params = {"symbol": SYMBOL, "side": side, "quantity": quantity, "price": price, "orderId": order_id}
        order = await self.client.futures_modify_order(**params)
        return order["price"], order["origQty"]

    async def cancel(self, order_id: int) -> str:
        """`futures_cancel_order`"""
        return str((await self.client.futures_cancel_order(symbol=SYMBOL, orderId=order_id))["status"])

    async def cancel_many(self, order_ids: list[int]) -> list[str]:
        """`futures_cancel_orders`"""
        found = await self.client.futures_cancel_orders(symbol=SYMBOL, orderidlist=order_ids)
        return [order["status"] for order in found]

    async def cancel_named(self, client_ids: list[str]) -> list[str]:
        """`futures_cancel_orders` with `origclientorderidlist`"""
        found = await self.client.futures_cancel_orders(symbol=SYMBOL, origclientorderidlist=client_ids)
        return [order["status"] for order in found]

    async def open_interest(self) -> Decimal:
        """`futures_open_interest`"""
        return Decimal((await self.client.futures_open_interest(symbol=SYMBOL))["openInterest"])

    async def stop(self, side: str, quantity: str, trigger: str) -> int:
        """`futures_create_algo_order`"""
        params = {"symbol": SYMBOL, "side": side, "quantity": quantity, "triggerPrice": trigger, "reduceOnly": "true"}
        return int((await self.client.futures_create_algo_order(type="STOP_MARKET", **params))["algoId"])

    async def balance(self) -> Decimal:
        """`futures_account_balance`"""
        return Decimal((await self.client.futures_account_balance())[0]["balance"])

    async def positions(self) -> dict[str, Decimal]:
        """`futures_position_information`"""
        held = await self.client.futures_position_information()
        return {entry["symbol"]: Decimal(entry["positionAmt"]) for entry in held}

    async def trades(self) -> list[tuple[Decimal, Decimal]]:
        """`futures_account_trades`"""
        found = await self.client.futures_account_trades(symbol=SYMBOL)
        return [(Decimal(entry["price"]), Decimal(entry["qty"])) for entry in found]


class BinanceSdk:
    """Binance's own SDK. Its REST client blocks, so it runs in a thread."""

    name = "Binance SDK"

    async def open(self, host: str) -> None:
        from binance_common.configuration import ConfigurationRestAPI, ConfigurationWebSocketStreams
        from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import (
            DerivativesTradingUsdsFutures,
        )

        client = DerivativesTradingUsdsFutures(
            config_rest_api=ConfigurationRestAPI(api_key=KEY, api_secret=SECRET, base_path=f"http://{host}"),
            config_ws_streams=ConfigurationWebSocketStreams(stream_url=f"ws://{host}"),
        )
        self.api, self.streams = client.rest_api, client.websocket_streams
        self.connection: Any = None
        self.events: asyncio.Queue[Any] = asyncio.Queue()

    async def close(self) -> None:
        if self.connection:
            await self.connection.close_connection()

    async def _request(self, call: Callable[..., Any], **params: Any) -> Any:
        return (await asyncio.to_thread(call, **params)).data()

    async def load_markets(self) -> dict[str, Decimal]:
        """`exchange_information`"""
        [symbol] = (await self._request(self.api.exchange_information)).symbols
        filters = {entry.filter_type: entry for entry in symbol.filters}
        return _facts(
            filters["PRICE_FILTER"].tick_size, filters["LOT_SIZE"].step_size, filters["MIN_NOTIONAL"].notional
        )

    async def follow_book(self) -> None:
        """`diff_book_depth_streams`, `order_book`"""
        self.levels = LocalLevels()
        self.connection = await self.streams.create_connection()
        stream = await self.connection.diff_book_depth_streams(symbol=SYMBOL.lower(), update_speed="100ms")
        stream.on("message", lambda event: self.levels.receive(event.model_dump(by_alias=True)))
        snapshot = await self._request(self.api.order_book, symbol=SYMBOL, limit=1000)
        self.levels.load(snapshot.last_update_id, snapshot.bids, snapshot.asks)

    async def book(self, update_id: int) -> tuple[Levels, Levels]:
        return await self.levels.at(update_id)

    async def watch_user(self) -> None:
        """`start_user_data_stream`, `user_data`"""
        key = (await self._request(self.api.start_user_data_stream)).listen_key
        self.connection = await self.streams.create_connection()
        stream = await self.connection.user_data(key)
        stream.on("message", self.events.put_nowait)

    async def user_event(self) -> str:
        return str((await self.events.get()).actual_instance.o.i)

    async def place(self, side: str, quantity: str, price: str) -> int:
        """`new_order`"""
        params = {"symbol": SYMBOL, "side": side, "quantity": float(quantity), "price": float(price)}
        return int((await self._request(self.api.new_order, type="LIMIT", time_in_force="GTC", **params)).order_id)

    async def place_market(self, side: str, quantity: str) -> str:
        params = {"symbol": SYMBOL, "side": side, "quantity": float(quantity), "new_order_resp_type": "RESULT"}
        return str((await self._request(self.api.new_order, type="MARKET", **params)).status)

    async def amend(self, order_id: int, side: str, quantity: str, price: str) -> tuple[str, str]:
        """`modify_order`"""
        params = {"symbol": SYMBOL, "side": side, "quantity": float(quantity), "price": float(price)}
        order = await self._request(self.api.modify_order, order_id=order_id, **params)
        return order.price, order.orig_qty

    async def cancel(self, order_id: int) -> str:
        """`cancel_order`"""
        return str((await self._request(self.api.cancel_order, symbol=SYMBOL, order_id=order_id)).status)

    async def cancel_many(self, order_ids: list[int]) -> list[str]:
        """`cancel_multiple_orders`"""
        found = await self._request(self.api.cancel_multiple_orders, symbol=SYMBOL, order_id_list=order_ids)
        return [str(order.status) for order in found]

    async def cancel_named(self, client_ids: list[str]) -> list[str]:
        """`cancel_multiple_orders` with `orig_client_order_id_list`"""
        params = {"symbol": SYMBOL, "orig_client_order_id_list": client_ids}
        return [str(order.status) for order in await self._request(self.api.cancel_multiple_orders, **params)]

    async def open_interest(self) -> Decimal:
        """`open_interest`"""
        return Decimal((await self._request(self.api.open_interest, symbol=SYMBOL)).open_interest)

    async def stop(self, side: str, quantity: str, trigger: str) -> int:
        """`new_algo_order`"""
        params = {"symbol": SYMBOL, "side": side, "quantity": float(quantity), "trigger_price": float(trigger)}
        params |= {"algo_type": "CONDITIONAL", "type": "STOP_MARKET", "reduce_only": "true"}
        return int((await self._request(self.api.new_algo_order, **params)).algo_id)

    async def balance(self) -> Decimal:
        """`futures_account_balance_v3`"""
        return Decimal((await self._request(self.api.futures_account_balance_v3))[0].balance)

    async def positions(self) -> dict[str, Decimal]:
        """`position_information_v3`"""
        held = await self._request(self.api.position_information_v3)
        return {entry.symbol: Decimal(entry.position_amt) for entry in held}

    async def trades(self) -> list[tuple[Decimal, Decimal]]:
        """`account_trade_list`"""
        found = await self._request(self.api.account_trade_list, symbol=SYMBOL)
        return [(Decimal(entry.price), Decimal(entry.qty)) for entry in found]


def _facts(tick: str, step: str, notional: str) -> dict[str, Decimal]:
    return {"tick": Decimal(tick), "step": Decimal(step), "notional": Decimal(notional)}


CLIENTS: list[type[Client]] = [CcxtPro, PythonBinance, BinanceSdk]

VERBS = {
    "load markets": "load_markets",
    "keep a book": "follow_book",
    "place": "place",
    "amend": "amend",
    "cancel": "cancel",
    "cancel ten at once": "cancel_many",
    "cancel ten by client id": "cancel_named",
    "stop through algoOrder": "stop",
    "read balances": "balance",
    "read positions": "positions",
    "read trades": "trades",
    "read open interest": "open_interest",
    "read the user stream": "watch_user",
}
"""Operations tested with every client, and the method that performs each."""


def conformance_table() -> str:
    """The conformance table: one row per operation, one column per client, the client's call in each cell."""
    rows = ["| | " + " | ".join(client.name for client in CLIENTS) + " |", "|---" * (len(CLIENTS) + 1) + "|"]
    for verb, method in VERBS.items():
        calls = [inspect.getdoc(getattr(client, method)) for client in CLIENTS]
        rows.append(f"| {verb} | " + " | ".join(str(call) for call in calls) + " |")
    return "\n".join(rows)
