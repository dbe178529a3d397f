"""Request models of background jobs (optimise, walk forward, validate) and their JSON parser."""

from abc import abstractmethod
from typing import Annotated, Literal

from backtesting import Strategy
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from skills_lib.backtest.model import BacktestSettings
from skills_lib.domain.costs import costs_from
from skills_lib.domain.errors import InputError
from skills_lib.domain.limits import require_amount
from skills_lib.domain.models import FrozenModel, explain_problem, parse_model
from skills_lib.market.candles import CandleArguments
from skills_lib.optimize.arguments import SearchArguments
from skills_lib.settings import Settings
from skills_lib.validate.arguments import ValidationArguments
from skills_lib.walk_forward.arguments import WindowArguments


class _StrictModel(FrozenModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class AccountArguments(_StrictModel):
    """`costs`: the name of a preset; `cash`: starting equity in quote currency."""

    costs: str
    cash: float
    leverage: float

    def settings(self, symbol: str) -> BacktestSettings:
        """Execution and costs on one market.

        Raises:
            InputError: unknown costs, or a value out of range.
        """
        require_amount("cash", self.cash)
        costs = costs_from(self.costs, {})
        settings = parse_model(BacktestSettings, costs=costs, cash=self.cash, leverage=self.leverage)
        return settings.for_symbol(symbol)


class _Job(_StrictModel):
    strategy: str
    candles: CandleArguments
    account: AccountArguments

    def check(self, strategy: type[Strategy], settings: Settings) -> None:
        """Check every argument without loading candles.

        Raises:
            InputError: the first argument that the library refuses.
        """
        self.candles.request(settings)
        self.account.settings(self.candles.symbol)
        self._check_arguments(strategy)

    @abstractmethod
    def _check_arguments(self, strategy: type[Strategy]) -> None: ...


class OptimizeJob(_Job):
    """Arguments of `twokey optimize`."""

    verb: Literal["optimize"] = "optimize"
    search: SearchArguments

    def _check_arguments(self, strategy: type[Strategy]) -> None:
        self.search.search(strategy)


class WalkForwardJob(_Job):
    """Arguments of `twokey walk-forward`."""

    verb: Literal["walk-forward"] = "walk-forward"
    search: SearchArguments
    windows: WindowArguments

    def _check_arguments(self, strategy: type[Strategy]) -> None:
        self.windows.walk(self.search.search(strategy))


class ValidateJob(_Job):
    """Arguments of `twokey validate`; a job never opens the sealed bars."""

    verb: Literal["validate"] = "validate"
    validation: ValidationArguments

    @field_validator("validation")
    @classmethod
    def _stay_sealed(cls, validation: ValidationArguments) -> ValidationArguments:
        if validation.open_sealed:
            raise ValueError("only a person opens the sealed bars, with `twokey validate`")
        return validation

    def _check_arguments(self, strategy: type[Strategy]) -> None:
        self.validation.plan(strategy)
        self.validation.pairs(self.candles.symbol, self.candles.timeframe)


JobRequest = OptimizeJob | WalkForwardJob | ValidateJob
_ADAPTER: TypeAdapter[JobRequest] = TypeAdapter(Annotated[JobRequest, Field(discriminator="verb")])


def parse_request(text: str) -> JobRequest:
    """The request parsed from its JSON `text`.

    Raises:
        InputError: not JSON, an unknown or missing field, or a value of the wrong type.
    """
    try:
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        problem = explain_problem(error.errors(include_url=False)[0], {})
        raise InputError(f"Job request refused: {problem} Start the job again to rewrite it.") from None
