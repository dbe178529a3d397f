"""Finds the zero of a falling curve with few evaluations."""

from collections.abc import Callable

Point = tuple[float, float]


def search_root(
    curve: Callable[[float], float], at_zero: float, guess: float, highest: float, tolerance: float, max_runs: int
) -> float | None:
    """The x > 0 at which `curve`, equal to `at_zero` > 0 at x = 0, becomes 0; None if it is positive up to `highest`.

    False position with the Illinois rule (Dowell & Jarratt 1971) inside a bracket expanded from `guess`. Each
    evaluation is a backtest, so after `max_runs` the bracket is interpolated linearly.
    """
    first = min(guess, highest)
    low, high, runs = (0.0, at_zero), (first, curve(first)), 1
    while high[1] > 0:
        if high[0] >= highest:
            return None
        farther = min(_extrapolated(low, high), highest)
        low, high, runs = high, (farther, curve(farther)), runs + 1
    weights, above_before = [1.0, 1.0], None
    while high[0] - low[0] > tolerance and high[1] < 0 and runs < max_runs:
        x = _crossing((low[0], low[1] * weights[0]), (high[0], high[1] * weights[1]))
        value, runs = curve(x), runs + 1
        above = value > 0
        low, high = ((x, value), high) if above else (low, (x, value))
        weights[0 if above else 1] = 1.0
        weights[1 if above else 0] *= 0.5 if above is above_before else 1.0
        above_before = above
    return _crossing(low, high)


def _crossing(low: Point, high: Point) -> float:
    """Zero of the line between a point above zero and one at or below zero."""
    return low[0] + (high[0] - low[0]) * low[1] / (low[1] - high[1])


def _extrapolated(low: Point, high: Point) -> float:
    """Slightly past the zero of the line through two points above zero, at most ten times as far."""
    slope = (high[1] - low[1]) / (high[0] - low[0])
    meets = high[0] - high[1] / slope if slope < 0 else 10 * high[0]
    return min(1.02 * max(meets, high[0]), 10 * high[0])
