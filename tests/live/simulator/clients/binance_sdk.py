"""Binance's own SDK, configured to use the simulator."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.live.conftest import KEY, SECRET
from tests.live.simulator.clients.base import SYMBOL, Levels, facts
from tests.live.simulator.clients.local_levels import LocalLevels


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
        return facts(filters["PRICE_FILTER"].tick_size, filters["LOT_SIZE"].step_size, filters["MIN_NOTIONAL"].notional)

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
