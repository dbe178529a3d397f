"""Describes a validation: the space searched, the windows, the sample sizes and the rules."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import Field

from skills_lib.domain.bars import Bars
from skills_lib.domain.constraints import Value
from skills_lib.domain.errors import InputError
from skills_lib.domain.limits import MAX_SEED, require_within
from skills_lib.domain.models import FrozenModel
from skills_lib.domain.options import option
from skills_lib.domain.parameters import ParameterSpace
from skills_lib.domain.time import DAY_NS
from skills_lib.optimize.request import SearchRequest
from skills_lib.optimize.space import Space, make_space
from skills_lib.validate.verdict import Thresholds
from skills_lib.walk_forward.walk import Pick
from skills_lib.walk_forward.windows import WindowPlan

MAX_COMBINATIONS = 100
"""Limit of the coarse default grid: enough points for a plateau, few enough to deflate little."""
TESTS, TRAIN_PARTS = 7, 4
"""Of eleven equal parts the first four only train, then each of the others is tested once. Longer tests have less
noise: an edge with a Sharpe of 2.5 loses in one window of thirteen over 120 days, and in one of eight over 80 days.
Measured in docs/calibration.md."""
_DECADE = 10


class Samples(FrozenModel):
    """Sample sizes of the stages; calibration, which runs thousands of markets, uses fewer."""

    monte_carlo: int = Field(1000, ge=10, description="resampled histories of each bootstrap")
    random_entries: int = Field(
        1000, ge=19, description="random placements of the trades; 19 is the minimum for p < 0.05"
    )
    spa: int = Field(1000, ge=50, description="bootstrap repetitions of Hansen's test")
    price_noise: int = Field(20, ge=0, description="noisy histories per size of noise; 0 skips the stage")
    cuts: int = Field(32, ge=1, description="cuts of the truncation test")
    starts: int = Field(8, ge=1, description="starts of the warm-up test")
    blocks: int = Field(16, ge=2, description="blocks of the combinatorial cross-validation")


DEFAULT_SAMPLES = Samples()
REDUCED_SAMPLES = Samples(monte_carlo=100, random_entries=400, spa=200, price_noise=0, cuts=8, starts=2, blocks=10)
"""For calibration: the rules' figures keep their meaning; percentiles are coarser."""


DEFAULT_THRESHOLDS = Thresholds()


def parse_seed(seed: int) -> int:
    """Parse a seed.

    Raises:
        InputError: not within 0 to 2^31 - 1, the range that all generators accept.
    """
    require_within("seed", seed, 0, MAX_SEED)
    return seed


@dataclass(frozen=True, slots=True)
class Plan:
    """One validation. `windows`: None for `default_windows`; `window_min_trades`: required in a train span."""

    search: SearchRequest
    windows: WindowPlan | None = None
    pick: Pick = "plateau"
    window_min_trades: int = 10
    seed: int = 0
    samples: Samples = DEFAULT_SAMPLES
    rules: Thresholds = DEFAULT_THRESHOLDS

    @property
    def is_search(self) -> bool:
        """Whether there is more than one combination to choose from."""
        return bool(self.search.space.varied)


def validation_space(declared: ParameterSpace, ranges: Sequence[str] = (), constraints: Sequence[str] = ()) -> Space:
    """The space to search: the given ranges, else a coarse grid over the strategy's own; single values are fixed.

    Raises:
        InputError: an invalid range or constraint.
    """
    if ranges:
        return make_space(declared, ranges, constraints)
    return _coarse(declared, constraints)


def _coarse(declared: ParameterSpace, constraints: Sequence[str]) -> Space:
    """The finest grid with at most MAX_COMBINATIONS admissible points; non-numeric parameters keep their defaults."""
    numeric = {name: values for name, p in declared.parameters.items() if (values := _numbers(p.values()))}
    if not numeric:
        defaults = {name: (value,) for name, value in declared.defaults().items()}
        return Space(defaults, declared.constraints)
    space = _with(declared, numeric, constraints, 2)
    for count in range(3, max(len(values) for values in numeric.values()) + 1):
        if count ** len(numeric) > 4 * MAX_COMBINATIONS:
            break
        finer = _with(declared, numeric, constraints, count)
        if len(finer.admissible) > MAX_COMBINATIONS:
            break
        space = finer
    return space


def _with(declared: ParameterSpace, numeric: dict[str, list[float]], constraints: Sequence[str], count: int) -> Space:
    chosen = {name: _spread(values, count) for name, values in numeric.items()}
    texts = [f"{name}={','.join(map(str, values))}" for name, values in chosen.items()]
    return make_space(declared, texts, constraints)


def _numbers(values: Sequence[Value]) -> list[float]:
    are_numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    return list(values) if are_numbers and len(values) > 1 else []  # type: ignore[arg-type]


def _spread(values: list[float], count: int) -> list[float]:
    """`count` of the values, evenly spaced, or by equal ratios where they span a decade or more."""
    low, high = values[0], values[-1]
    by_ratio = low > 0 and high / low >= _DECADE
    wanted = np.geomspace(low, high, count) if by_ratio else np.linspace(low, high, count)
    nearest = {int(np.abs(np.asarray(values) - value).argmin()) for value in wanted}
    return [values[place] for place in sorted(nearest)]


def default_windows(bars: Bars) -> WindowPlan:
    """Rolling windows for any length: seven tests without overlap, each an eleventh, and the rest to train on.

    Raises:
        InputError: an eleventh of the bars is shorter than a day or than two bars.
    """
    spanned = int(bars.open_time_ns[-1]) + bars.interval_ns - int(bars.open_time_ns[0]) if len(bars) else 0
    minimum = max(DAY_NS, 2 * bars.interval_ns)
    days = (spanned // (TESTS + TRAIN_PARTS)) // DAY_NS
    if days * DAY_NS < minimum:
        needed = math.ceil((TESTS + TRAIN_PARTS) * minimum / DAY_NS / 0.9) + 1
        raise InputError(
            f"The candles span {spanned / DAY_NS / 0.9:,.0f} days; a validation needs at least {needed:,}: a tenth is "
            "sealed, and the walk-forward tests seven spans. Extend the span, or give "
            f"{option('train')} and {option('test')}."
        )
    test_ns = days * DAY_NS
    return WindowPlan(train_ns=(spanned - TESTS * test_ns) // DAY_NS * DAY_NS, test_ns=test_ns, step_ns=test_ns)
