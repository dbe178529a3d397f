"""Runs a validation from typed arguments; checks all of them before it loads candles."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.counting import trial_origin
from scripts.subject import loaded, parameters_of, source_of

if TYPE_CHECKING:
    from skills_lib.backtest.model import BacktestSettings
    from skills_lib.backtest.source import StrategySource
    from skills_lib.market.candles import CandleArguments, Candles
    from skills_lib.progress import Progress
    from skills_lib.settings import Settings
    from skills_lib.validate.arguments import ValidationArguments
    from skills_lib.validate.model import StageAnswers, ValidationResult
    from skills_lib.validate.request import Services, ValidationRequest
    from skills_lib.validate.resample import RunResampled


@dataclass(frozen=True, slots=True)
class ValidationCommand:
    """Arguments of validate.

    `data_dir`: folder of candle files named by symbol and timeframe; `job`: folder of the job this process runs as;
    `verb`: the command, for the origin of its trials.
    """

    strategy: str
    arguments: "ValidationArguments"
    candles: "CandleArguments"
    settings: "BacktestSettings"
    data_dir: Path | None
    job: Path | None = None
    verb: str = "validate"

    def load_candles(self, symbol: str, timeframe: str, home: "Settings", progress: "Progress") -> "Candles":
        """The candles of one pair: from the file of the main pair, the folder of files, or the source.

        Raises:
            TwokeyError: no candles, or an invalid file.
        """
        from skills_lib.validate.other_markets import file_for

        is_main = (symbol, timeframe) == (self.candles.symbol, self.candles.timeframe)
        data = self.candles.data if is_main else None
        if data is None and self.data_dir is not None:
            data = file_for(self.data_dir, symbol, timeframe)
        return replace(self.candles, symbol=symbol, timeframe=timeframe, data=data).answer(home, progress)


def run_validation(command: ValidationCommand, progress: "Progress") -> "ValidationResult":
    """Check the arguments, load the candles and validate.

    Raises:
        TwokeyError: any error of the library.
    """
    from skills_lib.validate.request import find_stored, refuse_breaks, unsealed, validation_key

    source, candles, request = _load(command, progress)
    refuse_breaks(candles)
    services = _services(command, source, candles)
    counter = services.open_counter(source, unsealed(candles), request.settings)
    if stored := find_stored(validation_key(source, candles, request), services, counter):
        return stored
    from skills_lib.validate.pipeline import validate

    return validate(loaded(source), candles, request, services, progress)


def run_stages(command: ValidationCommand, only: str, progress: "Progress") -> "StageAnswers":
    """Check the arguments, load the candles and run the stages named in `only`.

    Raises:
        TwokeyError: any error of the library.
    """
    from skills_lib.ledger.counter import open_trial_counter
    from skills_lib.ledger.ledger import Ledger
    from skills_lib.settings import Settings
    from skills_lib.validate.single_stages import parse_stages, validate_stages

    names = parse_stages(only)
    source, candles, request = _load(command, progress)
    open_counter = partial(open_trial_counter, Ledger.of(Settings()), trial_origin(command.verb, command.job))
    return validate_stages(loaded(source), candles, request, open_counter, names, progress)


def run_monte_carlo(run_id: str, samples: int, seed: int, data: Path | None) -> "RunResampled":
    """Resample a stored run.

    Raises:
        TwokeyError: unknown run, or candles that differ from those of the run.
    """
    from skills_lib.backtest.results import RunStore
    from skills_lib.settings import Settings
    from skills_lib.validate.resample import resample

    home = Settings()
    return resample(RunStore(home.results_dir), run_id, samples, seed, data, home)


def _load(command: ValidationCommand, progress: "Progress") -> "tuple[StrategySource, Candles, ValidationRequest]":
    from skills_lib.settings import Settings
    from skills_lib.validate.other_markets import find_other_markets
    from skills_lib.validate.request import ValidationRequest, sealed_from

    home, source, main = Settings(), source_of(command.strategy), command.candles
    plan, opening = command.arguments.plan(parameters_of(source)), command.arguments.opening()
    main.request(home)
    pairs = command.arguments.pairs(main.symbol, main.timeframe)
    candles = command.load_candles(main.symbol, main.timeframe, home, progress)
    other_markets = find_other_markets(
        candles,
        sealed_from(candles),
        pairs,
        lambda symbol, timeframe: command.load_candles(symbol, timeframe, home, progress),
    )
    return source, candles, ValidationRequest(plan, command.settings, other_markets, opening)


def _services(command: ValidationCommand, source: "StrategySource", candles: "Candles") -> "Services":
    from skills_lib.ledger.counter import open_trial_counter
    from skills_lib.ledger.holdout_seal import LedgerHoldoutSeal
    from skills_lib.ledger.ledger import Ledger
    from skills_lib.optimize.store import SweepStore
    from skills_lib.settings import Settings
    from skills_lib.validate.model import ValidationResult
    from skills_lib.validate.request import Services, sealed_from

    home = Settings()
    ledger = Ledger.of(home)
    open_counter = partial(open_trial_counter, ledger, trial_origin(command.verb, command.job))
    sealed = replace(candles, bars=candles.bars[sealed_from(candles) :])
    seal = LedgerHoldoutSeal(ledger, open_counter(source, sealed, command.settings).context)
    return Services(open_counter, seal, SweepStore(home.validation_reports_dir, ValidationResult))
