"""What the compiled modules share: how they are compiled, and the arrays they hand to each other.

numba counts the references of every array that is handed on, which costs more than the work of a short function: hence
tables with named rows instead of many arrays, and functions that are inlined.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from numba import njit, types
from numba.core import cgutils
from numba.core.caching import FunctionCache
from numba.core.runtime import rtsys
from numba.extending import intrinsic

from skills_lib.domain.bars import FloatArray, IntArray

F = TypeVar("F", bound=Callable[..., Any])


class _LoadingCache(FunctionCache):  # type: ignore[misc]
    """numba's cache, loading what is compiled without importing what only compiling needs: half a second."""

    def load_overload(self, signature: Any, target: Any) -> Any:
        rtsys.initialize(target)
        with self._guard_against_spurious_io_errors():
            return self._load_overload(signature, target)


def _cached(**options: Any) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        dispatcher = njit(error_model="numpy", **options)(function)
        dispatcher._cache = _LoadingCache(function)
        return dispatcher  # type: ignore[no-any-return]

    return decorate


compiled: Callable[[F], F] = _cached(nogil=True)
"""For what Python calls. numba's cache sees changes of a function's own file, not of functions that it calls."""
part: Callable[[F], F] = njit(nogil=True, error_model="numpy")
"""For what only compiled code calls, not cached on its own: see `entry_points.run_jobs`."""
inlined: Callable[[F], F] = njit(nogil=True, error_model="numpy", forceinline=True)
"""For the parts of one loop: see the top of this file."""
inlined_extremes: Callable[[F], F] = njit(nogil=True, error_model="numpy", forceinline=True, fastmath={"nnan", "nsz"})
"""For minima and maxima of prices, which are never nan: saying so lets LLVM take packed ones."""
inlined_sums: Callable[[F], F] = njit(
    nogil=True, error_model="numpy", forceinline=True, fastmath={"reassoc", "nsz", "nnan"}
)
"""For sums of terms that are never nan and of one sign, which may be added in any order."""
brief: Callable[[F], F] = _cached()
"""For calls of microseconds: releasing the GIL would make two threads hand it back and forth."""


@intrinsic
def trailing_zeros(_typing, _word):
    """How many of the lowest bits of a word that is not 0 are 0."""

    def generate(_context, builder, _signature, arguments):
        return builder.cttz(arguments[0], cgutils.false_bit)

    return types.int64(types.uint64), generate


@intrinsic
def leading_zeros(_typing, _word):
    """How many of the highest bits of a word that is not 0 are 0."""

    def generate(_context, builder, _signature, arguments):
        return builder.ctlz(arguments[0], cgutils.false_bit)

    return types.int64(types.uint64), generate


# Columns of an outcome.
STATUS, TRADES, CANCELLED, SEGMENTS = range(4)
OUTCOME_COLUMNS = 4
DONE, TABLE_FULL, TOO_LARGE = range(3)

# Rows of the table of segments: bars over which cash and position stay the same, oldest first. A segment ends
# where the next starts. At a close its worth is max(cash + (close × units - basis) - paid, 0); it is
# never below LOW or above HIGH. FUNDED_FROM: payments of funding that were due before the position was opened.
START, CASH, UNITS, BASIS, PAID, LOW, HIGH, FUNDED_FROM = range(8)
SEGMENT_ROWS = 8


class MarketArrays(NamedTuple):
    """Bars as the kernel reads them, in quote currency.

    `block_low`, `block_high`: of closes, see `segments.block_extremes`; `block_lows`, `block_highs`: of lows and highs.
    `day_last`: see `metrics.last_bars_of_days`. `tiers`: see `margin.tier_array`. `interval_ns`: length of a bar, above
    0. The others: see `funding.FundingSchedule`; empty where funding is not charged.
    """

    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    block_low: FloatArray
    block_high: FloatArray
    block_lows: FloatArray
    block_highs: FloatArray
    open_time_ns: IntArray
    day_last: IntArray
    tiers: FloatArray
    paid: FloatArray
    payment_bar: IntArray
    by_open: IntArray
    by_close: IntArray
    paid_by_end: FloatArray
    interval_ns: int


class BrokerParameters(NamedTuple):
    """Settings of the account; rates are fractions, `unit` the smallest amount in base units."""

    cash: float
    commission: float
    spread: float
    leverage: float
    unit: float
    on_close: bool


class TradeTable(NamedTuple):
    """Closed trades, one element each, in the order they closed; sizes in base units, negative for shorts.

    The rows of one float64 table, so bars are floats too.
    """

    entry_bar: FloatArray
    exit_bar: FloatArray
    units: FloatArray
    entry: FloatArray
    exit: FloatArray
    stop: FloatArray
    target: FloatArray
    commission: FloatArray
    pnl: FloatArray
    returns: FloatArray
    funding: FloatArray
    reason: FloatArray


class Scratch(NamedTuple):
    """Buffers one thread reuses for every combination. `segments`, `charged`: the segments before and after funding;
    `market`: the instrument's own daily returns less their mean."""

    segments: FloatArray
    charged: FloatArray
    market: FloatArray
    daily: FloatArray
    spare: FloatArray
    trades: FloatArray
    more_trades: FloatArray


class SignalArrays(NamedTuple):
    """One combination's signals; an array of length 0 stands for "none"."""

    long_entry: Any
    short_entry: Any
    long_exit: Any
    short_exit: Any
    sizes: Any
    size: float
    stops: Any
    targets: Any
