"""Runs an optimisation or a walk-forward from typed arguments; checks all of them before it loads candles."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.counting import trial_origin
from scripts.subject import loaded, parameters_of, source_of

if TYPE_CHECKING:
    from skills_lib.backtest.model import BacktestSettings
    from skills_lib.backtest.strategy import LoadedStrategy
    from skills_lib.backtest.sweep.evaluator import Evaluator
    from skills_lib.backtest.trials import OpenTrialCounter
    from skills_lib.market.candles import CandleArguments, Candles
    from skills_lib.optimize.arguments import SearchArguments
    from skills_lib.optimize.model import OptimizationResult
    from skills_lib.optimize.request import SearchRequest
    from skills_lib.progress import Progress
    from skills_lib.walk_forward.arguments import WindowArguments
    from skills_lib.walk_forward.model import WalkForwardResult


@dataclass(frozen=True, slots=True)
class SweepCommand:
    """Arguments that optimise and walk-forward share. `job`: folder of the job this process runs as, if any."""

    strategy: str
    search: "SearchArguments"
    candles: "CandleArguments"
    settings: "BacktestSettings"
    cluster: str | None
    job: Path | None = None

    def open_engine(
        self, subject: "LoadedStrategy", request: "SearchRequest", candles: "Candles", progress: "Progress"
    ) -> "Callable[[], AbstractContextManager[Evaluator]]":
        """A function that opens the engine; the pipeline calls it only if something is left to compute."""
        from skills_lib.backtest.sweep.open import open_evaluator

        return lambda: open_evaluator(
            request.engine, subject.strategy, candles.bars, self.settings, self.cluster, progress
        )

    def counter(self, verb: str) -> "OpenTrialCounter":
        """What opens this user's trial counter for `verb`."""
        from skills_lib.ledger.counter import open_trial_counter
        from skills_lib.ledger.ledger import Ledger
        from skills_lib.settings import Settings

        return partial(open_trial_counter, Ledger.of(Settings()), trial_origin(verb, self.job))


def run_optimize(sweep: SweepCommand, progress: "Progress") -> "OptimizationResult":
    """Check the arguments, load the candles and optimise.

    Raises:
        TwokeyError: any error of the library.
    """
    from skills_lib.optimize.model import OptimizationResult
    from skills_lib.optimize.request import sweep_key
    from skills_lib.optimize.store import SweepStore
    from skills_lib.settings import Settings

    home, source = Settings(), source_of(sweep.strategy)
    request = sweep.search.search(parameters_of(source))
    candles = sweep.candles.answer(home, progress)
    store = SweepStore(home.optimizations_dir, OptimizationResult)
    if stored := store.find(sweep_key(source, candles, request, sweep.settings).id):
        return stored
    from skills_lib.optimize.pipeline import optimize

    subject = loaded(source)
    open_engine, count = sweep.open_engine(subject, request, candles, progress), sweep.counter("optimize")
    return optimize(subject, candles, request, sweep.settings, store, open_engine, count, progress)


def run_walk_forward(sweep: SweepCommand, windows: "WindowArguments", progress: "Progress") -> "WalkForwardResult":
    """Check the arguments, load the candles and walk forward.

    Raises:
        TwokeyError: any error of the library.
    """
    from skills_lib.optimize.store import SweepStore
    from skills_lib.settings import Settings
    from skills_lib.walk_forward.model import WalkForwardResult
    from skills_lib.walk_forward.request import walk_forward_key

    home, source = Settings(), source_of(sweep.strategy)
    request = windows.walk(search := sweep.search.search(parameters_of(source)))
    candles = sweep.candles.answer(home, progress)
    store = SweepStore(home.walk_forwards_dir, WalkForwardResult)
    if stored := store.find(walk_forward_key(source, candles, request, sweep.settings).id):
        return stored
    from skills_lib.walk_forward.pipeline import walk_forward

    subject = loaded(source)
    open_engine, count = sweep.open_engine(subject, search, candles, progress), sweep.counter("walk-forward")
    return walk_forward(subject, candles, request, sweep.settings, store, open_engine, count, progress)


def settings_of(symbol: str, costs: str, cash: float, leverage: float) -> "BacktestSettings":
    """Execution settings and costs of a command.

    Raises:
        InputError: unknown costs, or a value out of range.
    """
    from skills_lib.backtest.arguments import AccountArguments

    return AccountArguments(costs=costs, cash=cash, leverage=leverage).settings(symbol)
