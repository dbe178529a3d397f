"""A sweep from what was typed: everything that can be refused is refused before candles are fetched."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.console import progress_bar
from scripts.counting import trial_origin
from skills_lib.settings import Settings

if TYPE_CHECKING:
    from skills_lib.backtest.model import BacktestSettings
    from skills_lib.backtest.strategy import LoadedStrategy
    from skills_lib.backtest.sweep.evaluator import Evaluator
    from skills_lib.market.candles import CandleArguments, Candles
    from skills_lib.optimize.arguments import SearchArguments
    from skills_lib.optimize.model import OptimizationResult
    from skills_lib.optimize.pipeline import SearchRequest
    from skills_lib.progress import Progress
    from skills_lib.walk_forward.arguments import WindowArguments
    from skills_lib.walk_forward.model import WalkForwardResult


@dataclass(frozen=True, slots=True)
class SweepCommand:
    """What optimise and walk-forward are both asked. `job`: the folder of the job that asks."""

    strategy: str
    arguments: "SearchArguments"
    question: "CandleArguments"
    settings: "BacktestSettings"
    cluster: str | None
    job: Path | None = None

    def subject(self) -> "LoadedStrategy":
        """The strategy.

        Raises:
            InputError: unknown, or its file cannot be used.
        """
        import strategies
        from skills_lib.backtest.strategy import LoadedStrategy

        return LoadedStrategy(self.strategy, strategies.load(self.strategy), strategies.source_file(self.strategy))

    def opener(
        self, subject: "LoadedStrategy", asked: "SearchRequest", candles: "Candles"
    ) -> "Callable[[], AbstractContextManager[Evaluator]]":
        """Opens the engine when something is to be computed."""
        from skills_lib.backtest.sweep.open import open_evaluator

        return lambda: open_evaluator(asked.engine, subject.strategy, candles.bars, self.settings, self.cluster)


def run_optimize(sweep: SweepCommand, progress: "Progress") -> "OptimizationResult":
    """Check, load and optimise.

    Raises:
        TwokeyError: anything the library refuses.
    """
    from skills_lib.ledger.counter import open_trial_counter
    from skills_lib.ledger.ledger import Ledger
    from skills_lib.optimize.model import OptimizationResult
    from skills_lib.optimize.pipeline import optimize
    from skills_lib.optimize.store import SweepStore

    home, subject = Settings(), sweep.subject()
    asked = sweep.arguments.search(subject.strategy)
    candles = sweep.question.answer(home, progress)
    store = SweepStore(home.optimizations_dir, OptimizationResult)
    open_evaluator = sweep.opener(subject, asked, candles)
    open_counter = partial(open_trial_counter, Ledger.of(home), trial_origin("optimize", sweep.job))
    return optimize(subject, candles, asked, sweep.settings, store, open_evaluator, open_counter, progress)


def run_walk_forward(sweep: SweepCommand, windows: "WindowArguments", progress: "Progress") -> "WalkForwardResult":
    """Check, load and walk forward.

    Raises:
        TwokeyError: anything the library refuses.
    """
    from skills_lib.ledger.counter import open_trial_counter
    from skills_lib.ledger.ledger import Ledger
    from skills_lib.optimize.store import SweepStore
    from skills_lib.walk_forward.model import WalkForwardResult
    from skills_lib.walk_forward.pipeline import walk_forward

    home, subject = Settings(), sweep.subject()
    asked = windows.walk(search := sweep.arguments.search(subject.strategy))
    candles = sweep.question.answer(home, progress)
    store = SweepStore(home.walk_forwards_dir, WalkForwardResult)
    open_evaluator = sweep.opener(subject, search, candles)
    open_counter = partial(open_trial_counter, Ledger.of(home), trial_origin("walk-forward", sweep.job))
    return walk_forward(subject, candles, asked, sweep.settings, store, open_evaluator, open_counter, progress)


@contextmanager
def progress_of(job: Path | None, shown: bool) -> "Iterator[Progress]":
    """A bar for people, or the state of the job this process runs as."""
    if job is None:
        with progress_bar(shown) as progress:
            yield progress
    else:
        from skills_lib.jobs import reporting

        with reporting(job) as progress:
            yield progress


def settings_of(costs: str, cash: float, leverage: float) -> "BacktestSettings":
    """Execution and costs, as typed.

    Raises:
        InputError: unknown costs, or a figure out of range.
    """
    from skills_lib.backtest.model import BacktestSettings
    from skills_lib.domain.costs import costs_from
    from skills_lib.domain.models import parse_model

    return parse_model(BacktestSettings, costs=costs_from(costs, {}), cash=cash, leverage=leverage)
