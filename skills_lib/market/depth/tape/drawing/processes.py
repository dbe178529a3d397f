"""Random processes of a synthetic market: bursts of activity, and pressures that revert to zero, of one generator."""

import math
from random import Random


class Reverting:
    """An Ornstein-Uhlenbeck process with mean 0: `deviation` at rest, correlation time `seconds`, moved every step."""

    def __init__(self, random: Random, deviation: float, seconds: float, step_s: float) -> None:
        self._random = random
        self._kept = math.exp(-step_s / seconds)
        self._added = deviation * math.sqrt(1 - self._kept**2)
        self.value = deviation * random.gauss(0, 1)

    def step(self) -> float:
        """Move on by one step; the new value."""
        self.value = self._kept * self.value + self._added * self._random.gauss(0, 1)
        return self.value


class Activity:
    """How busy the market is, 1 on average: log-normal, on two time scales, so that events come in bursts."""

    _DEVIATIONS, _SECONDS = (0.85, 0.55), (0.8, 45.0)

    def __init__(self, random: Random, step_s: float) -> None:
        pairs = zip(self._DEVIATIONS, self._SECONDS, strict=True)
        self._parts = [Reverting(random, deviation, seconds, step_s) for deviation, seconds in pairs]
        self._centre = sum(deviation**2 for deviation in self._DEVIATIONS) / 2

    def step(self) -> float:
        """Move on by one step; the new activity."""
        return math.exp(sum(part.step() for part in self._parts) - self._centre)


def log_normal(random: Random, median: float, spread: float) -> float:
    """A log-normal number."""
    return median * math.exp(spread * random.gauss(0, 1))


def count(random: Random, mean: float) -> int:
    """A Poisson number; above 30 by its normal approximation."""
    if mean > 30:
        return max(0, round(random.gauss(mean, math.sqrt(mean))))
    left, product = math.exp(-mean), random.random()
    number = 0
    while product > left:
        number += 1
        product *= random.random()
    return number
