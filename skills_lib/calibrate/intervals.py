"""Computes exact confidence intervals of pass rates."""

from importlib.util import find_spec

from skills_lib.domain.errors import TwokeyError
from skills_lib.domain.models import FrozenModel

CONFIDENCE = 0.95


class PassRate(FrozenModel):
    """`passes` of `markets`, with the exact 95 % interval of the true rate; [0, 1] without markets."""

    markets: int
    passes: int
    rate: float
    ci95: tuple[float, float]

    @classmethod
    def of(cls, passes: int, markets: int) -> "PassRate":
        """The rate with its interval.

        Raises:
            TwokeyError: scipy is not installed.
        """
        rate = passes / markets if markets else 0.0
        return cls(markets=markets, passes=passes, rate=rate, ci95=clopper_pearson(passes, markets))


def clopper_pearson(passes: int, markets: int) -> tuple[float, float]:
    """The exact two-sided 95 % interval of a binomial share (Clopper & Pearson 1934), by scipy.

    Raises:
        TwokeyError: scipy is not installed.
    """
    if not markets:
        return 0.0, 1.0
    require_extras("scipy")
    from scipy.stats import binomtest  # type: ignore[import-untyped]

    found = binomtest(passes, markets).proportion_ci(CONFIDENCE, method="exact")
    return float(found.low), float(found.high)


def require_extras(*modules: str) -> None:
    """Check for optional packages before hours of work that need them.

    Raises:
        TwokeyError: one of `modules` is not installed.
    """
    if any(find_spec(module) is None for module in modules):
        raise TwokeyError("A calibration needs scipy and arch. Run pip install 'twokey[evidence]'.")
