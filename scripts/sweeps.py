"""A sweep from what was typed: everything that can be refused is refused before candles are fetched."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.console import progress_bar
from skills_lib.settings import Settings

if TYPE_CHECKING:
    from skills_lib.backtest.evaluator import Evaluator
    from skills_lib.backtest.model import BacktestSettings
    from skills_lib.backtest.pipeline import Subject
    from skills_lib.market.candles import CandleQuestion, Candles
    from skills_lib.progress import Progress
    from skills_lib.validate.model import OptimizationResult
    from skills_lib.validate.optimize import Search
    from skills_lib.validate.walk_model import WalkForwardResult


@dataclass(frozen=True, slots=True)
class SearchWords:
    """How to search, as typed."""

    param: list[str]
    constraint: list[str]
    maximize: str
    method: str
    trials: int | None
    seed: int
    min_trades: int
    engine: str
    cluster: str | None


@dataclass(frozen=True, slots=True)
class WindowWords:
    """Windows, as typed."""

    train: str
    test: str
    step: str
    embargo: str
    anchored: bool
    pick: str


def run_optimize(
    strategy: str, words: SearchWords, question: "CandleQuestion", settings: "BacktestSettings", progress: "Progress"
) -> "OptimizationResult":
    """Check, load and optimise.

    Raises:
        TwokeyError: anything the library refuses.
    """
    from skills_lib.validate.model import OptimizationResult
    from skills_lib.validate.optimize import optimize
    from skills_lib.validate.store import SweepStore

    home = Settings()
    subject, asked = _asked(strategy, words)
    candles = question.answer(home, progress)
    store = SweepStore(home.optimizations_dir, OptimizationResult)
    return optimize(
        subject, candles, asked, settings, store, _opener(subject, asked, candles, settings, words), progress
    )


def run_walk_forward(
    strategy: str,
    words: SearchWords,
    windows: WindowWords,
    question: "CandleQuestion",
    settings: "BacktestSettings",
    progress: "Progress",
) -> "WalkForwardResult":
    """Check, load and walk forward.

    Raises:
        TwokeyError: anything the library refuses.
    """
    from skills_lib.validate.store import SweepStore
    from skills_lib.validate.walk_forward import parse_pick
    from skills_lib.validate.walk_model import WalkForwardResult
    from skills_lib.validate.walk_pipeline import Walk, walk_forward
    from skills_lib.validate.windows import WindowPlan

    home = Settings()
    plan = WindowPlan.parse(windows.train, windows.test, windows.step, windows.embargo, windows.anchored)
    subject, search = _asked(strategy, words)
    asked = Walk(search, plan, parse_pick(windows.pick))
    candles = question.answer(home, progress)
    store = SweepStore(home.walk_forwards_dir, WalkForwardResult)
    return walk_forward(
        subject, candles, asked, settings, store, _opener(subject, search, candles, settings, words), progress
    )


@contextmanager
def progress_of(job: Path | None, shown: bool) -> "Iterator[Progress]":
    """A bar for people, or the state of the job this process runs as."""
    if job is None:
        with progress_bar(shown) as progress:
            yield progress
    else:
        from skills_lib.validate.jobs import reporting

        with reporting(job) as progress:
            yield progress


def _asked(strategy: str, words: SearchWords) -> "tuple[Subject, Search]":
    import strategies
    from skills_lib.backtest.pipeline import Subject
    from skills_lib.backtest.strategy import parameter_space
    from skills_lib.validate.engines import parse_engine
    from skills_lib.validate.optimize import Search
    from skills_lib.validate.search import SearchPlan
    from skills_lib.validate.space import make_space
    from skills_lib.validate.table import Objective

    engine = parse_engine(words.engine)
    objective = Objective.parse(words.maximize, words.min_trades)
    plan = SearchPlan.parse(words.method, words.trials, words.seed)
    subject = Subject(strategy, strategies.load(strategy), strategies.source_file(strategy))
    space = make_space(parameter_space(subject.strategy), words.param, words.constraint)
    if plan.method == "grid":
        _ = space.admissible  # a grid too large to enumerate is told now
    return subject, Search(space, plan, objective, engine)


def _opener(
    subject: "Subject", asked: "Search", candles: "Candles", settings: "BacktestSettings", words: SearchWords
) -> "Callable[[], AbstractContextManager[Evaluator]]":
    from skills_lib.validate.engines import open_evaluator

    return lambda: open_evaluator(asked.engine, subject.strategy, candles.bars, settings, words.cluster)
