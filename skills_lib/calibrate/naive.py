"""Two common naive rules, applied to the same markets for comparison with the verdict."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from skills_lib.calibrate.model import MarketResult

_SHARPE, _POSITIVE_PCT = 1.0, 70.0


class Naive(NamedTuple):
    """A rule as text and as a function of one market's result."""

    text: str
    passes: Callable[[MarketResult], bool]


def in_sample_sharpe(found: MarketResult) -> bool:
    """The raw maximum of the search has an in-sample Sharpe above 1."""
    return found.in_sample_sharpe is not None and found.in_sample_sharpe > _SHARPE


def walk_forward_only(found: MarketResult) -> bool:
    """The walk-forward's mean Sharpe is above 1 and more than 70 % of its windows earned money."""
    sharpe, positive = found.judged.walk_forward_sharpe, found.judged.positive_windows_pct
    return sharpe is not None and positive is not None and sharpe > _SHARPE and positive > _POSITIVE_PCT


NAIVE: Mapping[str, Naive] = MappingProxyType(
    {
        "in_sample_sharpe": Naive("in-sample Sharpe > 1", in_sample_sharpe),
        "walk_forward": Naive("walk-forward mean Sharpe > 1 and more than 70 % positive windows", walk_forward_only),
    }
)
