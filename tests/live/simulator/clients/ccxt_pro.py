"""ccxt.pro, configured to use the simulator."""

import asyncio
from decimal import Decimal
from typing import Any

from tests.live.conftest import KEY, SECRET
from tests.live.simulator.clients.base import UNIFIED, Levels


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
