"""Figures as text, with no more digits than their standard error supports."""

import math

from live.replay.figures.intervals import Interval


def decimals_of(error: float | None) -> int:
    """Decimals that give a standard error two digits; at most 2, and none where there is no error."""
    if not error:
        return 0
    return int(min(2, max(0, 1 - math.floor(math.log10(error)))))


def in_bps(found: Interval) -> str:
    """`0.8 bp`; `n/a` without a mean."""
    return "n/a" if found.mean is None else f"{_number(found.mean, decimals_of(found.error))} bp"


def with_interval(found: Interval) -> str:
    """`0.8 bp (95 % interval -0.4 to 2.0)`."""
    return in_bps(found) + (f" (95 % interval {interval_text(found)})" if found.ci95 else "")


def interval_text(found: Interval) -> str:
    """`-0.4 to 2.0`; `n/a` without an interval."""
    if found.ci95 is None:
        return "n/a"
    low, high = (_number(edge, decimals_of(found.error)) for edge in found.ci95)
    return f"{low} to {high}"


def percent(share: float | None, trades: int) -> str:
    """A share of trades in percent: no decimal below 1,000 trades."""
    return "n/a" if share is None else f"{100 * share:.{1 if trades >= 1_000 else 0}f} %"


def counted(count: int, noun: str) -> str:
    """`1 trade`, `1,234 trades`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _number(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}"
    return text.removeprefix("-") if not text.strip("-0.") else text
