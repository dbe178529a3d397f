"""Variants of a replay: which signal, settings, fill model and latency a run has, and which runs a report needs."""

from collections.abc import Iterator
from enum import StrEnum

import msgspec

from live.engine.settings import ImbalanceSettings
from live.money import SCALE, plain
from live.replay.controls import DelayedSignal, InvertedSignal, RandomSignal, RawSignal
from live.simulator.core.fill_models import FillModel
from live.simulator.latency import MS, Distribution


class SignalKind(StrEnum):
    """The strategy's signal, and its controls."""

    STRATEGY = "strategy"
    RANDOM = "random"
    INVERTED = "inverted"
    DELAYED = "delayed"


class SignalChoice(msgspec.Struct, frozen=True, kw_only=True):
    """Which signal a run has. seed, books_per_entry: of random entries; delay_ns: of the late signal."""

    kind: SignalKind = SignalKind.STRATEGY
    seed: int = 0
    books_per_entry: float = 1.0
    delay_ns: int = 0

    def applied(self, signal: RawSignal) -> RawSignal:
        """The strategy's signal, or the control that replaces it."""
        if self.kind is SignalKind.RANDOM:
            return RandomSignal(self.seed, self.books_per_entry)
        if self.kind is SignalKind.INVERTED:
            return InvertedSignal(signal)
        return DelayedSignal(signal, self.delay_ns) if self.kind is SignalKind.DELAYED else signal


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """One way to play a tape. latency: one-way delays of requests and of what comes back."""

    settings: ImbalanceSettings
    fills: FillModel
    latency: Distribution
    signal: SignalChoice = SignalChoice()


class Place(msgspec.Struct, frozen=True):
    """Where a variant lies on the axis of a sensitivity: its value, and as text."""

    x: float
    text: str
    variant: Variant


_RATIO_FACTORS = (SCALE // 2, 3 * SCALE // 4, 3 * SCALE // 2, 2 * SCALE)
_DEPTHS = (1, 3, 5, 10, 20)
_DELAYS_MS = (0, 20, 100)
_MIN_RATIO = SCALE + SCALE // 100


def thresholds(base: Variant) -> Iterator[Place]:
    """Both thresholds moved by the same factor, away from 1 or towards it; the base itself is left out."""
    settings = base.settings
    for factor in _RATIO_FACTORS:
        buy, sell = settings.buy_ratio * factor // SCALE, settings.sell_ratio * SCALE // factor
        if buy >= _MIN_RATIO and 0 < sell < SCALE:
            moved = msgspec.structs.replace(settings, buy_ratio=buy, sell_ratio=sell)
            yield Place(buy / SCALE, plain(buy), msgspec.structs.replace(base, settings=moved))


def depths(base: Variant) -> Iterator[Place]:
    """Other depths; the base itself is left out."""
    for depth in _DEPTHS:
        if depth != base.settings.depth:
            changed = msgspec.structs.replace(base.settings, depth=depth)
            yield Place(depth, str(depth), msgspec.structs.replace(base, settings=changed))


def latencies(base: Variant) -> Iterator[Place]:
    """Constant one-way delays beside the base's."""
    for delay_ms in _DELAYS_MS:
        delays = Distribution(((0, delay_ms * MS), (1_000_000, delay_ms * MS)))
        if delays != base.latency:
            yield Place(delay_ms, f"{delay_ms} ms", msgspec.structs.replace(base, latency=delays))


def median_ms(delays: Distribution) -> float:
    """The median of one-way delays in milliseconds."""
    return delays.at(500_000) / MS


def with_signal(base: Variant, choice: SignalChoice) -> Variant:
    """The variant with another signal."""
    return msgspec.structs.replace(base, signal=choice)


def with_fills(base: Variant, fills: FillModel) -> Variant:
    """The variant under another fill model."""
    return msgspec.structs.replace(base, fills=fills)
