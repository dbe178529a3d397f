"""A validation from what was typed: everything that can be refused is refused before candles are fetched."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.counting import trial_origin
from skills_lib.settings import Settings

if TYPE_CHECKING:
    from skills_lib.backtest.model import BacktestSettings
    from skills_lib.backtest.strategy import LoadedStrategy
    from skills_lib.market.candles import CandleArguments, Candles
    from skills_lib.progress import Progress
    from skills_lib.validate.arguments import ValidationArguments
    from skills_lib.validate.model import StageAnswers, ValidationResult
    from skills_lib.validate.pipeline import Services, ValidationRequest
    from skills_lib.validate.resample import RunResampled


@dataclass(frozen=True, slots=True)
class ValidationCommand:
    """What the verb is asked. `data_dir`: where files are found by symbol and timeframe; `job`: who asks."""

    strategy: str
    arguments: "ValidationArguments"
    question: "CandleArguments"
    settings: "BacktestSettings"
    data_dir: Path | None
    job: Path | None

    def subject(self) -> "LoadedStrategy":
        """The strategy.

        Raises:
            InputError: unknown, or its file cannot be used.
        """
        import strategies
        from skills_lib.backtest.strategy import LoadedStrategy

        return LoadedStrategy(self.strategy, strategies.load(self.strategy), strategies.source_file(self.strategy))

    def candles(self, symbol: str, timeframe: str, home: Settings, progress: "Progress") -> "Candles":
        """Candles of one pair; the main ones may come from a file of their own.

        Raises:
            TwokeyError: there are none, or the file is refused.
        """
        from skills_lib.validate.other_markets import file_for

        own = (symbol, timeframe) == (self.question.symbol, self.question.timeframe)
        data = self.question.data if own else None
        if data is None and self.data_dir is not None:
            data = file_for(self.data_dir, symbol, timeframe)
        return replace(self.question, symbol=symbol, timeframe=timeframe, data=data).answer(home, progress)


def run_validation(command: ValidationCommand, progress: "Progress") -> "ValidationResult":
    """Check, load and validate.

    Raises:
        TwokeyError: anything the library refuses.
    """
    from skills_lib.validate.pipeline import validate

    subject, candles, validation = _loaded(command, progress)
    return validate(subject, candles, validation, _services(command, subject, candles), progress)


def run_stages(command: ValidationCommand, only: str, progress: "Progress") -> "StageAnswers":
    """Check, load and answer some stages.

    Raises:
        TwokeyError: anything the library refuses.
    """
    from skills_lib.ledger.counter import open_trial_counter
    from skills_lib.ledger.ledger import Ledger
    from skills_lib.validate.single_stages import parse_stages, validate_stages

    names = parse_stages(only)
    subject, candles, validation = _loaded(command, progress)
    open_counter = partial(open_trial_counter, Ledger.of(Settings()), trial_origin("validate", command.job))
    return validate_stages(subject, candles, validation, open_counter, names, progress)


def run_monte_carlo(run_id: str, samples: int, seed: int, data: Path | None) -> "RunResampled":
    """Resample a stored run.

    Raises:
        TwokeyError: no such run, or candles that are not those of the run.
    """
    from skills_lib.backtest.results import RunStore
    from skills_lib.validate.resample import resample

    home = Settings()
    return resample(RunStore(home.results_dir), run_id, samples, seed, data, home)


def _loaded(command: ValidationCommand, progress: "Progress") -> "tuple[LoadedStrategy, Candles, ValidationRequest]":
    from skills_lib.validate.other_markets import find_other_markets
    from skills_lib.validate.pipeline import ValidationRequest, sealed_from

    home, subject, question = Settings(), command.subject(), command.question
    plan, opening = command.arguments.plan(subject.strategy), command.arguments.opening()
    question.request(home)
    pairs = command.arguments.pairs(question.symbol, question.timeframe)
    candles = command.candles(question.symbol, question.timeframe, home, progress)
    other_markets = find_other_markets(
        candles, sealed_from(candles), pairs, lambda s, t: command.candles(s, t, home, progress)
    )
    return subject, candles, ValidationRequest(plan, command.settings, other_markets, opening)


def _services(command: ValidationCommand, subject: "LoadedStrategy", candles: "Candles") -> "Services":
    from skills_lib.ledger.counter import open_trial_counter
    from skills_lib.ledger.holdout_seal import LedgerHoldoutSeal
    from skills_lib.ledger.ledger import Ledger
    from skills_lib.optimize.store import SweepStore
    from skills_lib.validate.model import ValidationResult
    from skills_lib.validate.pipeline import Services, sealed_from

    home = Settings()
    ledger = Ledger.of(home)
    open_counter = partial(open_trial_counter, ledger, trial_origin("validate", command.job))
    sealed = replace(candles, bars=candles.bars[sealed_from(candles) :])
    seal = LedgerHoldoutSeal(ledger, open_counter(subject, sealed, command.settings).context)
    return Services(open_counter, seal, SweepStore(home.validation_reports_dir, ValidationResult))
