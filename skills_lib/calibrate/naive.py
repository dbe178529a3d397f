"""Two rules that people go by, on the same markets: what they let through is what the verdict is measured against."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from skills_lib.calibrate.model import MarketResult

_SHARPE, _POSITIVE_PCT = 1.0, 70.0


class Naive(NamedTuple):
    """A rule in words and as it judges one market."""

    words: str
    passes: Callable[[MarketResult], bool]


def in_sample_sharpe(found: MarketResult) -> bool:
    """The best of everything tried has a Sharpe above 1 on the bars it was found on."""
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
