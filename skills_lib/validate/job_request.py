"""Request models of background jobs (optimise, walk forward, validate) and their JSON parser."""

from abc import abstractmethod
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from skills_lib.backtest.arguments import AccountArguments
from skills_lib.domain.errors import InputError
from skills_lib.domain.models import FrozenModel, explain_problem
from skills_lib.domain.parameters import ParameterSpace
from skills_lib.market.candles import CandleArguments
from skills_lib.optimize.arguments import SearchArguments
from skills_lib.settings import Settings
from skills_lib.validate.arguments import ValidationArguments
from skills_lib.walk_forward.arguments import WindowArguments


class _StrictModel(FrozenModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Job(_StrictModel):
    strategy: str
    candles: CandleArguments
    account: AccountArguments

    def check(self, declared: ParameterSpace, settings: Settings) -> None:
        """Check every argument without loading candles. `declared`: the strategy's parameters.

        Raises:
            InputError: the first argument that the library refuses.
        """
        self.candles.request(settings)
        self.account.settings(self.candles.symbol)
        self._check_arguments(declared)

    @abstractmethod
    def _check_arguments(self, declared: ParameterSpace) -> None: ...


class OptimizeJob(_Job):
    """Arguments of `twokey optimize`."""

    verb: Literal["optimize"] = "optimize"
    search: SearchArguments

    def _check_arguments(self, declared: ParameterSpace) -> None:
        self.search.search(declared)


class WalkForwardJob(_Job):
    """Arguments of `twokey walk-forward`."""

    verb: Literal["walk-forward"] = "walk-forward"
    search: SearchArguments
    windows: WindowArguments

    def _check_arguments(self, declared: ParameterSpace) -> None:
        self.windows.walk(self.search.search(declared))


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

    def _check_arguments(self, declared: ParameterSpace) -> None:
        self.validation.plan(declared)
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
