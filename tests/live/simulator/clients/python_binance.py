"""python-binance, configured to use the simulator."""

import asyncio
from decimal import Decimal
from typing import Any

from tests.live.conftest import KEY, SECRET
from tests.live.simulator.clients.base import SYMBOL, Levels, facts
from tests.live.simulator.clients.local_levels import LocalLevels


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
        return facts(
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
