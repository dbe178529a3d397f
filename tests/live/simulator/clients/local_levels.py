"""An order book for the clients that have none."""

import asyncio
from decimal import Decimal
from typing import Any

from tests.live.simulator.clients.base import Levels


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
