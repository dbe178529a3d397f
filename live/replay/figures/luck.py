"""How good the best of so many trials without an edge looks, and what a search leaves of a result."""

from statistics import NormalDist

from live.replay.figures.intervals import Interval
from skills_lib.domain.luck import expected_maximum_sharpe
from skills_lib.domain.models import FrozenModel

_NORMAL = NormalDist()


class Deflation(FrozenModel):
    """trials: configurations counted on these tapes up to this choice. t: net mean in standard errors.

    luck_t: the best t of so many independent trials without an edge, as expected. probability: that the true mean is
    above what luck_t stands for; None where there is no t.
    """

    trials: int
    luck_t: float
    t: float | None
    probability: float | None


def deflated(net_bps: Interval, trials: int) -> Deflation:
    """Deflates a mean for the trials among which it was chosen.

    This is the deflated Sharpe ratio (Bailey & López de Prado 2014) in units of the mean's own standard error, which
    here comes from a block bootstrap: a t has variance 1 in a trial without an edge. Neighbouring parameters give
    nearly the same trades, so independence is too strict rather than too lenient.
    """
    luck_t, t = expected_maximum_sharpe(trials, 1.0), net_bps.t
    return Deflation(trials=trials, luck_t=luck_t, t=t, probability=None if t is None else _NORMAL.cdf(t - luck_t))
