"""The workspace's settings: folders, sources, network, and the defaults of what commands and tools take.

Read from the environment, `.env` and `twokey.toml` of the workspace, in this order; docs/settings.md lists them all.
"""

import re
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from platformdirs import user_state_path
from pydantic import AfterValidator, ConfigDict, Field, SecretStr, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.domain.limits import MAX_AMOUNT, MAX_COUNT, MAX_SEED
from skills_lib.domain.models import FrozenModel
from skills_lib.workspace.location import as_path, locate
from skills_lib.workspace.values import ENVIRONMENT, Given, given_values

_SPAN = re.compile(r"\d+(\.\d+)?[mhdw]")


def _is_span(text: str) -> str:
    if not _SPAN.fullmatch(text.strip()):
        raise ValueError("write a number and m, h, d or w, such as 180d")
    return text.strip()


Span = Annotated[str, AfterValidator(_is_span)]

OPTIONS = (
    *("source", "exchange", "data_dir", "costs", "cash", "leverage", "benchmark"),
    *("maximize", "method", "trials", "seed", "min_trades", "engine"),
    *("train", "test", "step", "embargo", "anchored", "pick"),
)
"""Settings that are the defaults of options and of tools' arguments of the same names."""


class Settings(FrozenModel):
    """Settings of one workspace: `Settings()` reads those of the one found, `Settings(home=...)` those of another.

    `home` is the workspace's folder, with strategies, data and backtests. Every path is absolute. A value given here is
    stronger than every value that is read.

    Raises:
        InputError: no workspace, or a value or name that is not allowed; the message says where it was read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    home: Path = Field(description="the workspace's folder")
    ledger_dir: Path = Field(
        default_factory=lambda: user_state_path("twokey", appauthor=False),
        description="folder of your trial ledger, outside every workspace; by default the user state folder of the "
        "system, such as `~/.local/state/twokey`; not in `twokey.toml`",
    )
    source: Literal["auto", "cache", "exchange", "archive", "sample", "yahoo", "store"] = Field(
        "auto", description="where candles come from"
    )
    exchange: str = Field("binance", description="any ccxt exchange id")
    data_dir: Path | None = Field(
        None, examples=["data/files"], description="folder of candle files that `validate` uses"
    )
    cash: float = Field(100_000.0, gt=0, le=MAX_AMOUNT, description="starting equity in quote currency")
    costs: Literal["default", "binance-spot", "usdm-taker", "usdm-maker", "ib-stock", "free"] = Field(
        "default", description="preset of costs"
    )
    leverage: float = Field(1.0, ge=1, le=125, description="leverage")
    benchmark: str | None = Field(
        None, examples=["BTC"], description="market whose holding `test-strategy` shows beside a result"
    )
    maximize: str = Field("sharpe", description="metric that searches optimise")
    method: Literal["grid", "random", "tpe"] = Field("grid", description="how parameters are searched")
    trials: int | None = Field(
        None, ge=1, le=MAX_COUNT, examples=[200], description="combinations that random and tpe try; by default 200"
    )
    seed: int = Field(0, ge=0, le=MAX_SEED, description="seed of searches and of the samples of `validate`")
    min_trades: int | None = Field(
        None,
        ge=0,
        le=MAX_COUNT,
        examples=[30],
        description="combinations with fewer trades are never chosen; by default 30, in a walk-forward's train span 10",
    )
    engine: Literal["kernel", "reference"] = Field("kernel", description="executor of searches")
    train: Span | None = Field(
        None,
        examples=["180d"],
        description="train span; by default 180d in `walk-forward`, four elevenths in `validate`",
    )
    test: Span | None = Field(
        None,
        examples=["60d"],
        description="test span after it; by default 60d in `walk-forward`, an eleventh in `validate`",
    )
    step: Span | None = Field(
        None,
        examples=["30d"],
        description="distance of windows; by default 30d in `walk-forward`, as long as `test` in `validate`",
    )
    embargo: Span = Field("0d", description="gap between train and test span")
    anchored: bool = Field(False, description="every train span starts at the first bar")
    pick: Literal["plateau", "peak"] = Field("plateau", description="point of the train span that is tested")
    workers: int | None = Field(
        None,
        ge=1,
        le=1_024,
        examples=[2],
        description="threads or processes of one computation; by default one a processor",
    )
    bar_time_limit_s: float = Field(
        5.0, ge=0.1, le=60, description="what a strategy of `live run` has for each decision, seconds"
    )
    cache_fresh_hours: float = Field(24.0, gt=0, description="a candle cache younger than this is not refreshed, hours")
    archive_url: str = Field("https://data.binance.vision", description="Binance's public archive, or a mirror")
    exchange_url: str | None = Field(
        None,
        examples=["http://127.0.0.1:9001"],
        description="replaces scheme and host of the exchange's REST addresses",
    )
    streams_host: str | None = Field(
        None, examples=["127.0.0.1:9001"], description="a local server instead of Binance for live books: host:port"
    )
    orders_by: Literal["rest", "websocket"] = Field("rest", description="how `live run` sends orders")
    http_timeout_s: float = Field(10.0, gt=0, description="timeout of one request, seconds")
    http_attempts: int = Field(6, ge=1, description="attempts per request")
    http_backoff_s: float = Field(1.0, ge=0, description="delay before the second attempt, seconds; doubles each time")

    store_url: str | None = Field(
        None,
        examples=["postgresql://USER@HOST:5432/DATABASE"],
        description="where the trade log is: `sqlite:///FILE`, `postgresql://...` or `https://PROJECT.supabase.co`; by "
        "default `data/store/trades.sqlite`; a password stands in the environment or in `.env` only",
    )
    store_schema: str | None = Field(
        None, examples=["twokey"], description="PostgreSQL schema of the trade log's tables; by default the user's own"
    )
    store_owner: str = Field("", description="whose rows of the trade log are used; in Supabase a user's id")
    store_plaintext: bool = Field(False, description="let the trade log's server be reached over a network without TLS")
    up_token: SecretStr | None = Field(
        None, description="your token of Up's API, for `flows sync`; in the environment or in `.env` only"
    )

    def __init__(self, **chosen: Any) -> None:
        home = Path(chosen.pop("home", None) or locate().require()).absolute()
        values = {name: _checked(name, given, home) for name, given in read_values(home).items() if name not in chosen}
        values = {"ledger_dir": home / user_state_path("twokey", appauthor=False)} | values | chosen
        super().__init__(home=home, **values)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Without the address of the trade log, which may have a password."""
        return ((name, value) for name, value in super().__repr_args__() if name != "store_url")

    @cached_property
    def candles_dir(self) -> Path:
        return self.home / "data" / "candles"

    @cached_property
    def tapes_dir(self) -> Path:
        return self.home / "data" / "tapes"

    @cached_property
    def results_dir(self) -> Path:
        return self.home / "backtests" / "results"

    @cached_property
    def optimizations_dir(self) -> Path:
        return self.home / "backtests" / "optimizations"

    @cached_property
    def walk_forwards_dir(self) -> Path:
        return self.home / "backtests" / "walk-forward"

    @cached_property
    def validation_reports_dir(self) -> Path:
        return self.home / "backtests" / "validation-reports"

    @cached_property
    def calibrations_dir(self) -> Path:
        return self.home / "backtests" / "calibrations"

    @cached_property
    def replays_dir(self) -> Path:
        return self.home / "backtests" / "replays"

    @cached_property
    def answers_dir(self) -> Path:
        return self.home / "backtests" / "answers"

    @cached_property
    def journals_dir(self) -> Path:
        return self.home / "data" / "journals"

    @cached_property
    def store_file(self) -> Path:
        return self.home / "data" / "store" / "trades.sqlite"

    @cached_property
    def jobs_dir(self) -> Path:
        return self.home / "backtests" / "jobs"

    @cached_property
    def strategies_dir(self) -> Path:
        return self.home / "strategies"

    def option_values(self) -> dict[str, Any]:
        """The defaults of options and arguments; those that are None are each command's own and left out."""
        chosen = {name: getattr(self, name) for name in OPTIONS}
        return {name: value for name, value in chosen.items() if value is not None}


def setting_names() -> list[str]:
    """The names that files and the environment can set, in the order of the documentation."""
    return [name for name in Settings.model_fields if name != "home"]


def read_values(home: Path) -> dict[str, Given]:
    """The values of the workspace `home` as they were given, unchecked; names that nothing sets are missing.

    Raises:
        InputError: a file that cannot be read, or an unknown name in one.
    """
    return given_values(home, setting_names())


def _checked(name: str, given: Given, home: Path) -> object:
    """The value as the field's type: text of the environment and `.env` is converted, a value of TOML never."""
    from_text = given.place == ENVIRONMENT or given.place.endswith(".env")
    value = given.value.strip() if from_text and isinstance(given.value, str) else given.value
    if isinstance(value, str) and _is_path(Settings.model_fields[name]):
        value = as_path(value, given.where, home)
    try:
        return _adapter(name).validate_python(value, strict=not from_text)
    except ValidationError as error:
        raise InputError(f"{given.where} is not allowed: {_reason(error, value)}") from None


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    field = Settings.model_fields[name]
    annotated: Any = Annotated[field.annotation, field]
    return TypeAdapter(annotated, config=ConfigDict(allow_inf_nan=False))


def _is_path(field: FieldInfo) -> bool:
    return field.annotation in (Path, Path | None)


def _reason(error: ValidationError, value: object) -> str:
    """What is allowed, without the value that was found: a file's content is never repeated."""
    problem = error.errors(include_url=False, include_input=False)[0]
    reason = problem["msg"].removeprefix("Value error, ")
    allowed = re.findall(r"'([\w-]+)'", problem.get("ctx", {}).get("expected", ""))
    hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
    return f"{reason[0].lower()}{reason[1:]}.{hint}"
