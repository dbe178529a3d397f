"""Statistics of a tape: spread, depth, rates, bursts, impact and what the imbalance predicts."""

import math
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median, pvariance

from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.model import AggTrade, BookTicker, DepthUpdate, Message, Snapshot, Trade, Venue
from skills_lib.market.depth.tape.attribution import attributed
from skills_lib.market.depth.tape.lines import read_lines
from skills_lib.market.scanner import autocorrelation

DEPTHS_BPS = (1, 5, 10, 25)
_BPS = 10_000
_IMPACT_MS = 1_000
_EXTREME = 0.6


@dataclass
class TapeStatistics:
    """Collects the statistics of one USD-M symbol's tape; `figures` are in the order of the page."""

    symbol: str
    quotes: list[tuple[int, float, float, float, float]] = field(default_factory=list)
    takers: dict[tuple[int, bool, str], float] = field(default_factory=dict)
    changes: list[int] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)
    depths: dict[int, list[float]] = field(default_factory=lambda: {bps: [] for bps in DEPTHS_BPS})
    times: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._book = LocalBook(self.symbol, Venue.USDM)
        self._second = 0

    def take(self, message: Message) -> None:
        """Count one message."""
        if isinstance(message, Snapshot):
            self._book.load(message)
        elif isinstance(message, DepthUpdate):
            self._take_update(message)
        elif isinstance(message, BookTicker) and message.transaction_ts_ms:
            texts = (message.bid_price, message.bid_quantity, message.ask_price, message.ask_quantity)
            bid, bid_size, ask, ask_size = map(float, texts)
            self.quotes.append((message.transaction_ts_ms, bid, bid_size, ask, ask_size))
        elif isinstance(message, Trade | AggTrade) and getattr(message, "kind", "") in ("", "MARKET"):
            key = message.trade_ts_ms, message.buyer_is_maker, message.price
            self.takers[key] = self.takers.get(key, 0.0) + float(message.quantity)

    def _take_update(self, update: DepthUpdate) -> None:
        self._book.receive(update)
        if not self._book.in_sync:
            return
        self.times.append(update.transaction_ts_ms or 0)
        self.changes.append(len(update.bids) + len(update.asks))
        self.sizes += [size for _, text in (*update.bids, *update.asks) if (size := float(text))]
        if (second := (update.transaction_ts_ms or 0) // 1_000) != self._second:
            self._second = second
            for bps, found in self.depths.items():
                found.append(sum(self._book.book.depth_quote(bps)) / 1e6)

    def path_bps(self) -> tuple[list[float], list[float]]:
        """Seconds since the first quote, and the mid price's distance from its start in bps, one a second."""
        mids = {quote[0] // 1_000: _mid(quote) for quote in self.quotes}
        first = next(iter(mids))
        return [float(second - first) for second in mids], [_BPS * math.log(mid / mids[first]) for mid in mids.values()]

    def figures(self) -> dict[str, float]:
        """Every statistic by its name, with its unit."""
        seconds = (self.times[-1] - self.times[0]) / 1_000
        return self._book_figures(seconds) | self._taker_figures(seconds) | self._price_figures(seconds)

    def _book_figures(self, seconds: float) -> dict[str, float]:
        steps = [round(ask - bid, 8) for _, bid, _, ask, _ in self.quotes]
        tick = min(steps)
        best = [size for _, _, bid_size, _, ask_size in self.quotes for size in (bid_size, ask_size)]
        return {
            "spread of one tick, % of quotes": 100 * sum(step <= tick * 1.5 for step in steps) / len(steps),
            "best size, median, base units": median(best),
            "best size, spread of its logarithm": math.sqrt(pvariance([math.log(size) for size in best if size])),
            **{f"depth within {bps} bps, M quote": fmean(found) for bps, found in self.depths.items()},
            "quotes a second": len(self.quotes) / seconds,
            "changed levels a second": sum(self.changes) / seconds,
            "size of a changed level, median": median(self.sizes),
        }

    def _taker_figures(self, seconds: float) -> dict[str, float]:
        orders = Counter[tuple[int, bool]]()
        for (at_ms, is_sale, _), size in self.takers.items():
            orders[at_ms, is_sale] += size  # type: ignore[assignment]
        counts = Counter(at_ms // 1_000 for at_ms, _ in orders)
        each = [float(counts[second]) for second in range(self.times[0] // 1_000, self.times[-1] // 1_000)]
        signs = [-1.0 if is_sale else 1.0 for _, is_sale in sorted(orders)]
        values = sorted(orders.values())
        return {
            "orders of takers a second": len(orders) / seconds,
            "prices an order trades at": len(self.takers) / len(orders),
            "order size, median": median(values),
            "order size, 99th percentile": values[int(0.99 * len(values))],
            "bursts: variance over mean of orders a second": pvariance(each) / fmean(each),
            "bursts: correlation of orders, next second": autocorrelation(each) or 0.0,
            "sign of orders: correlation, next order": fmean(a * b for a, b in pairwise(signs)),
            "sign of orders: correlation, 10 orders on": fmean(a * b for a, b in zip(signs, signs[10:], strict=False)),
            "impact of an order after 1 s, bps": self._impact(orders),
        }

    def _impact(self, orders: Counter[tuple[int, bool]]) -> float:
        """Mean move in the direction of an order, from the quote before it to the one a second later."""
        place, moves = 0, []
        ahead = 0
        for at_ms, is_sale in sorted(orders):
            while place + 1 < len(self.quotes) and self.quotes[place + 1][0] < at_ms:
                place += 1
            while ahead + 1 < len(self.quotes) and self.quotes[ahead + 1][0] <= at_ms + _IMPACT_MS:
                ahead += 1
            move = math.log(_mid(self.quotes[ahead]) / _mid(self.quotes[place])) * _BPS
            moves.append(-move if is_sale else move)
        return fmean(moves)

    def _price_figures(self, seconds: float) -> dict[str, float]:
        mids = {quote[0] // 1_000: _mid(quote) for quote in self.quotes}
        imbalances = [(q[2] - q[4]) / (q[2] + q[4]) for q in {q[0] // 1_000: q for q in self.quotes}.values()]
        returns = _returns(mids, 1)
        squares = fmean(value**2 for value in returns)
        return {
            "moves of the mid price a second": sum(_mid(a) != _mid(b) for a, b in pairwise(self.quotes)) / seconds,
            "volatility of 1 s, bps": math.sqrt(squares),
            "kurtosis of 1 s returns": fmean(value**4 for value in returns) / squares**2,
            "volatility of 10 s, bps": math.sqrt(fmean(value**2 for value in _returns(mids, 10))),
            "mean absolute move of a minute, bps": fmean(abs(value) for value in _returns(mids, 60)),
            "imbalance: correlation, next second": autocorrelation(imbalances) or 0.0,
            **self._predictions(),
        }

    def _predictions(self) -> dict[str, float]:
        following, up = 0, dict[bool, list[bool]]({True: [], False: []})
        for quote, later in zip(reversed(self.quotes[:-1]), reversed(self.quotes[1:]), strict=True):
            if _mid(quote) != _mid(later):
                following = 1 if _mid(later) > _mid(quote) else -1
            imbalance = (quote[2] - quote[4]) / (quote[2] + quote[4])
            if following and abs(imbalance) > _EXTREME:
                up[imbalance > 0].append(following > 0)
        return {
            f"next move is up, % where imbalance {'>' if k else '<'} {'' if k else '-'}{_EXTREME}": 100 * fmean(v)
            for k, v in up.items()
        }


def read_statistics(path: Path, symbol: str) -> TapeStatistics:
    """The statistics of a symbol on a tape of USD-M futures."""
    found = TapeStatistics(symbol)
    for entry in attributed(read_lines(path)):
        if entry.message is not None and entry.symbol == symbol:
            found.take(entry.message)
    return found


def _mid(quote: tuple[int, float, float, float, float]) -> float:
    return (quote[1] + quote[3]) / 2


def _returns(mids: dict[int, float], seconds: int) -> list[float]:
    pairs = ((mid, mids.get(second + seconds)) for second, mid in mids.items())
    return [_BPS * math.log(later / mid) for mid, later in pairs if later is not None]
