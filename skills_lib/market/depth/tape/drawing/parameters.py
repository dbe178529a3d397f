"""What a synthetic market is made of: numbers fitted to real recordings, and their source.

Fitted to three recordings of USD-M futures, of BTCUSDT (2024-07-18 23:57 and 2024-08-08 23:54 UTC, 480 and 345 s) and
ETHUSDT (2024-08-08 23:54 UTC, 345 s). `docs/synthetic-tapes.md` compares the outcome with them. Sizes are log-normal as
in Cont, Stoikov and Talreja (2010) and later work on order flow; distances are the quantiles of changed levels.
"""

from dataclasses import dataclass

from skills_lib.domain.errors import InputError, did_you_mean


@dataclass(frozen=True, slots=True)
class Sizes:
    """A log-normal size: median in base units, and the standard deviation of its logarithm."""

    median: float
    spread: float


@dataclass(frozen=True, slots=True)
class MarketParameters:
    """One symbol's market. Rates are per second at mean activity; distances in ticks.

    tick: in units of the last price place. start: first price in ticks. orders, quotes: aggressive orders, and changes
    of a best size. moves, move: price moves, and their size in ticks. levels: changed levels below the best.
    distances: quantiles of the distance of a changed level at `QUANTILES`. dense: distance up to which most prices have
    a level. queue: size at the best. resting: size of a level below. pressure: how much the imbalance predicts.
    """

    symbol: str
    tick: int
    price_places: int
    quantity_places: int
    start: int
    orders: float
    quotes: float
    moves: float
    move: Sizes
    levels: float
    order: Sizes
    queue: Sizes
    resting: Sizes
    distances: tuple[float, ...]
    dense: int
    pressure: float


QUANTILES = (0.0, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)

FITTED = {
    "BTCUSDT": MarketParameters(
        symbol="BTCUSDT",
        tick=10,
        price_places=2,
        quantity_places=3,
        start=620_000,
        orders=11.5,
        quotes=125.0,
        moves=2.6,
        move=Sizes(5.0, 1.15),
        levels=1_700.0,
        order=Sizes(0.026, 2.3),
        queue=Sizes(8.0, 1.0),
        resting=Sizes(0.105, 1.85),
        distances=(1, 25, 70, 160, 430, 1_270, 20_000, 300_000, 600_000),
        dense=1_550,
        pressure=0.95,
    ),
    "ETHUSDT": MarketParameters(
        symbol="ETHUSDT",
        tick=1,
        price_places=2,
        quantity_places=3,
        start=268_000,
        orders=7.0,
        quotes=125.0,
        moves=3.0,
        move=Sizes(3.2, 1.1),
        levels=2_000.0,
        order=Sizes(0.18, 2.05),
        queue=Sizes(18.0, 1.0),
        resting=Sizes(2.6, 1.6),
        distances=(1, 10, 25, 72, 198, 560, 19_000, 190_000, 260_000),
        dense=1_340,
        pressure=0.95,
    ),
}


def fitted(symbol: str) -> MarketParameters:
    """The parameters of a symbol.

    Raises:
        InputError: no recording of it was fitted.
    """
    if symbol in FITTED:
        return FITTED[symbol]
    allowed = ", ".join(FITTED)
    raise InputError(f"No market is fitted for {symbol}.{did_you_mean(symbol, FITTED)} Choose one of {allowed}.")
