"""Says first whether the edge survives its costs, and why not."""

from collections.abc import Sequence
from enum import StrEnum

from live.replay.figures.luck import Deflation
from live.replay.figures.trades import TradeFigures
from live.replay.figures.words import counted, in_bps, with_interval
from skills_lib.domain.models import FrozenModel

MIN_TRADES = 30
"""With fewer there is no conclusion."""
CONFIDENCE = 0.95


class VerdictWord(StrEnum):
    """NOT_SHOWN: net above 0, but not by more than chance, the search or random entries explain."""

    SURVIVES = "survives"
    NOT_SHOWN = "not_shown"
    DOES_NOT_SURVIVE = "does_not_survive"
    TOO_FEW_TRADES = "too_few_trades"


class RandomRank(FrozenModel):
    """Random entries on the same tapes. as_good: runs whose net mean is at least the strategy's."""

    runs: int
    as_good: int

    @property
    def probability(self) -> float:
        """Probability of a rank as good as this if the signal says no more than random entries do."""
        return (1 + self.as_good) / (1 + self.runs)


class ReplayVerdict(FrozenModel):
    """word: for programs; sentence: for readers; reasons: what else speaks for or against it."""

    word: VerdictWord
    sentence: str
    reasons: tuple[str, ...] = ()


def rank_of(net_mean: float | None, random_means: Sequence[float | None]) -> RandomRank:
    """The rank among random runs; runs without a trade do not count."""
    known = [mean for mean in random_means if mean is not None]
    return RandomRank(runs=len(known), as_good=sum(net_mean is None or mean >= net_mean for mean in known))


def judge(figures: TradeFigures, deflation: Deflation, rank: RandomRank) -> ReplayVerdict:
    """The verdict on the trades of a replay. Every rule must hold for `survives`."""
    if figures.trades < MIN_TRADES:
        return _too_few(figures)
    net = figures.net_bps
    if (net.mean or 0.0) <= 0:
        return _verdict(VerdictWord.DOES_NOT_SURVIVE, "Does not survive its costs", figures)
    problems = [*_interval_problem(figures), *_search_problem(deflation), *_random_entries_problem(rank)]
    if problems:
        return _verdict(VerdictWord.NOT_SHOWN, "Not shown to survive its costs", figures, problems)
    return _verdict(VerdictWord.SURVIVES, "Survives its costs on this data", figures)


def _too_few(figures: TradeFigures) -> ReplayVerdict:
    if not figures.trades:
        return ReplayVerdict(word=VerdictWord.TOO_FEW_TRADES, sentence="No trades: no conclusion.")
    sentence = (
        f"{counted(figures.trades, 'trade')}: no conclusion, which takes at least {MIN_TRADES}. "
        f"Gross {in_bps(figures.gross_bps)}, net {in_bps(figures.net_bps)} a trade."
    )
    return ReplayVerdict(word=VerdictWord.TOO_FEW_TRADES, sentence=sentence)


def _verdict(word: VerdictWord, begin: str, figures: TradeFigures, problems: Sequence[str] = ()) -> ReplayVerdict:
    costs = "" if figures.cost_bps is None else f", a round trip costs {figures.cost_bps:.1f} bp"
    sentence = (
        f"{begin}: gross {with_interval(figures.gross_bps)} a trade{costs}; net {with_interval(figures.net_bps)} "
        f"over {counted(figures.trades, 'trade')}."
    )
    return ReplayVerdict(word=word, sentence=sentence, reasons=tuple(problems))


def _interval_problem(figures: TradeFigures) -> list[str]:
    low = figures.net_bps.ci95[0] if figures.net_bps.ci95 else 0.0
    return [] if low > 0 else ["The 95 % interval of the net mean includes 0: chance explains it."]


def _search_problem(deflation: Deflation) -> list[str]:
    if deflation.trials < 2 or (deflation.probability or 0.0) >= CONFIDENCE:
        return []
    return [
        f"The best of {counted(deflation.trials, 'trial')} without an edge is expected to reach t = "
        f"{deflation.luck_t:.1f}; this one has t = {deflation.t or 0.0:.1f}. The probability that it is above luck is "
        f"{100 * (deflation.probability or 0.0):.0f} %, and {100 * CONFIDENCE:.0f} % is wanted."
    ]


def _random_entries_problem(rank: RandomRank) -> list[str]:
    if rank.probability <= 1 - CONFIDENCE + 1e-9:
        return []
    if rank.runs < 19:
        return [f"Only {counted(rank.runs, 'run')} of random entries: 19 are the fewest that can show a difference."]
    return [f"{rank.as_good} of {rank.runs} runs of random entries on the same data earn as much."]
