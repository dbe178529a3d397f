"""The book of a synthetic market: quantities by tick, the best of each side, and what changed since the last update."""

BID, ASK = 0, 1
_STEP = (-1, 1)


class SyntheticBook:
    """Both sides in integers: ticks and units of the last quantity place. `BID` is side 0, `ASK` side 1."""

    def __init__(self) -> None:
        self.sides: tuple[dict[int, int], dict[int, int]] = ({}, {})
        self.best = [0, 0]
        self._changed: tuple[dict[int, int], dict[int, int]] = ({}, {})

    def put(self, side: int, tick: int, quantity: int) -> None:
        """Set a level; 0 deletes it. Call `improve` or `settle` if the best may have changed."""
        levels = self.sides[side]
        if quantity:
            levels[tick] = quantity
        elif levels.pop(tick, 0) == 0:
            return
        self._changed[side][tick] = quantity

    def best_quantity(self, side: int) -> int:
        """The quantity at the best price of a side."""
        return self.sides[side][self.best[side]]

    def improve(self, side: int, tick: int, quantity: int) -> None:
        """Set a level that becomes the best of its side."""
        self.put(side, tick, quantity)
        self.best[side] = tick

    def settle(self, side: int) -> None:
        """Find the best level at or behind the last best one."""
        levels, tick, step = self.sides[side], self.best[side], _STEP[side]
        while tick not in levels:
            tick += step
        self.best[side] = tick

    def take_changes(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """Changed levels of both sides since the last call, by price."""
        bids, asks = (sorted(changed.items()) for changed in self._changed)
        for changed in self._changed:
            changed.clear()
        return bids, asks

    def top(self, side: int, count: int) -> list[tuple[int, int]]:
        """The best levels of a side, best first."""
        ticks = sorted(self.sides[side], reverse=side == BID)[:count]
        return [(tick, self.sides[side][tick]) for tick in ticks]
