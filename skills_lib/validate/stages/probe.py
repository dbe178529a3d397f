"""What the look-ahead tests ask of a strategy: the same question on fewer, or other, bars."""

from dataclasses import replace
from typing import Any, NamedTuple, Protocol

import numpy as np
from backtesting import Strategy

from skills_lib.backtest.kernel import signals_of
from skills_lib.backtest.model import BacktestSettings
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.bars import Bars, BoolArray, FloatArray, IntArray
from skills_lib.domain.constraints import Value
from skills_lib.domain.errors import InputError
from skills_lib.domain.signals import Signals

RELATIVE_TOLERANCE = 1e-9
_DRAWN_BARS = 300
_STRENGTHS = (-3.0, -0.3)


class Cut(NamedTuple):
    """The first `known` bars stay; `strength` is the factor on later log moves, None cuts them off."""

    known: int
    strength: float | None = None


class Difference(NamedTuple):
    """The earliest bar at which something differs, and what differs anywhere before the cut."""

    bar: int
    names: tuple[str, ...]


class Probe(Protocol):
    """A strategy with its answer on all bars. `on`: what is compared."""

    on: str

    def cuts(self, count: int, rng: np.random.Generator) -> list[Cut]:
        """Where to cut, at most about `count` times."""
        ...

    def starts(self, count: int) -> int:
        """How many later starts are worth their time."""
        ...

    def compare(self, cut: Cut) -> Difference | None:
        """What a cut changes before it; InputError where the strategy cannot run on what is left."""
        ...

    def decisions_from(self, start: int) -> tuple[BoolArray, BoolArray]:
        """bool[bars from start]: where a history that starts later decides differently; where either decides."""
        ...

    def is_repeatable(self) -> bool:
        """Whether the same bars get the same answer."""
        ...


def open_probe(strategy: type[Strategy], bars: Bars, parameters: dict[str, Value], settings: BacktestSettings) -> Probe:
    """A probe of signals where the strategy's orders follow from them, of orders where it has its own next().

    Raises:
        InputError: the strategy cannot run on `bars`.
    """
    methods = ("init", "next", "_enter")
    if issubclass(strategy, SignalStrategy) and all(
        getattr(strategy, name) is getattr(SignalStrategy, name) for name in methods
    ):
        return SignalProbe(strategy, bars.in_units_of(settings.fractional_unit), parameters)
    from skills_lib.validate.stages.order_probe import OrderProbe

    return OrderProbe(strategy, bars, parameters, settings)


class SignalProbe:
    """Compares signals, on bars as a strategy sees them inside a backtest: prices in fractional units."""

    on = "signals"

    def __init__(self, strategy: type[SignalStrategy], seen: Bars, parameters: dict[str, Value]) -> None:
        self._strategy, self._bars, self._parameters = strategy, seen, parameters
        self._signals = self._on(seen)
        self._whole = _columns(self._signals)

    def cuts(self, count: int, rng: np.random.Generator) -> list[Cut]:
        bars = len(self._bars)
        ends = [Cut(bars - 1), Cut(bars - 1, _STRENGTHS[0]), Cut(bars - 2, _STRENGTHS[0])]
        spread = [Cut(int(bars * share)) for share in (0.25, 0.5, 0.75, *rng.random(count // 16))]
        changes = at_changes(self._changes(), max(count - len(ends) - len(spread), count // 2), rng)
        return [cut for cut in (*ends, *spread, *changes) if 0 < cut.known < bars]

    def starts(self, count: int) -> int:
        return count

    def compare(self, cut: Cut) -> Difference | None:
        bars = self._bars[: cut.known] if cut.strength is None else drawn_after(self._bars, cut)
        names, first = [], cut.known
        found = _columns(self._on(bars))
        for name in self._whole.keys() | found.keys():
            bar = _first_difference(self._whole.get(name), found.get(name), cut.known)
            if bar is not None:
                names.append(name)
                first = min(first, bar)
        return Difference(first, tuple(sorted(names))) if names else None

    def decisions_from(self, start: int) -> tuple[BoolArray, BoolArray]:
        part = self._on(self._bars[start:])
        size = len(part)
        differs, decided = np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
        for whole, found in zip(_wishes(self._signals), _wishes(part), strict=True):
            differs |= whole[start:] != found
            decided |= whole[start:] | found
        return differs, decided

    def is_repeatable(self) -> bool:
        again = _columns(self._on(self._bars))
        names = self._whole.keys() | again.keys()
        return all(_first_difference(self._whole.get(n), again.get(n), len(self._bars)) is None for n in names)

    def _on(self, bars: Bars) -> Signals:
        found = signals_of(self._strategy, bars, self._parameters)
        if len(found) != len(bars):
            raise InputError(f"{self._strategy.__name__} gave {len(found)} signals for {len(bars)} bars.")
        return found

    def _changes(self) -> list[IntArray]:
        """The bars at which each wish appears and those at which it ends; entries count three times, exits twice."""
        found = []
        for wish, weight in zip(_wishes(self._signals), (3, 3, 2, 2), strict=True):
            before = np.concatenate(([False], wish[:-1]))
            found += [np.flatnonzero(wish & ~before)] * weight + [np.flatnonzero(before & ~wish)]
        return found


def at_changes(kinds: list[IntArray], wanted: int, rng: np.random.Generator) -> list[Cut]:
    """`wanted` cuts right after bars of each kind in turn; three of four early, where a question costs least.

    The bar itself is the last that is known. Every other cut draws other bars after it.
    """
    kinds = [kind for kind in kinds if len(kind)]
    cuts = []
    for number in range(wanted if kinds else 0):
        kind = kinds[number % len(kinds)]
        early = number % 4 > 0
        place = rng.choice(kind[: max(len(kind) // 10, 10)] if early else kind)
        cuts.append(Cut(int(place) + 1, None if number % 2 else _STRENGTHS[number // 2 % len(_STRENGTHS)]))
    return cuts


def drawn_after(bars: Bars, cut: Cut) -> Bars:
    """The known bars, then up to 300 of the later ones with log moves from the last known close times `strength`.

    Volumes are multiplied too.
    """
    assert cut.strength is not None
    known, later = bars[: cut.known], bars[cut.known : cut.known + _DRAWN_BARS]
    base = known.close[-1]
    moved = {name: base * (getattr(later, name) / base) ** cut.strength for name in ("open", "high", "low", "close")}
    if cut.strength < 0:
        moved["high"], moved["low"] = moved["low"], moved["high"]
    drawn = moved | {"volume": later.volume * abs(cut.strength)}
    columns: dict[str, Any] = {name: np.concatenate((getattr(known, name), drawn[name])) for name in drawn}
    return replace(bars, open_time_ns=bars.open_time_ns[: cut.known + len(later)], **columns)


def _wishes(signals: Signals) -> tuple[BoolArray, BoolArray, BoolArray, BoolArray]:
    return signals.long_entry, signals.short_entry, signals.long_exit, signals.short_exit


def _columns(signals: Signals) -> dict[str, BoolArray | FloatArray]:
    """Every array; a size that is one figure counts as an array of one value."""
    found = signals.columns()
    return found if "size" in found else found | {"size": np.broadcast_to(np.float64(signals.size), len(signals))}


def _first_difference(
    whole: BoolArray | FloatArray | None, found: BoolArray | FloatArray | None, known: int
) -> int | None:
    """The first of the `known` bars that differs; 0 where only one of both has the column."""
    if whole is None or found is None:
        return 0
    before, after = whole[:known], found[:known]
    if before.dtype == np.bool_:
        wrong = before != after
    elif np.array_equal(before, after, equal_nan=True):
        return None
    else:
        wrong = ~np.isclose(before, after, rtol=RELATIVE_TOLERANCE, atol=0.0, equal_nan=True)
    return int(wrong.argmax()) if wrong.any() else None
