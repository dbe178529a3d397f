"""Arguments and options shared by several commands, and the defaults that they take from the workspace's settings."""

from pathlib import Path
from typing import Annotated, Any

import typer

_CANDLES = ("source", "exchange")
_ACCOUNT = ("costs", "cash", "leverage")
_SEARCH = ("maximize", "method", "trials", "seed", "min_trades", "engine")
_WINDOWS = ("train", "test", "step", "embargo", "anchored", "pick")
FROM_SETTINGS: dict[str, tuple[str, ...]] = {
    "test-strategy": (*_CANDLES, *_ACCOUNT, "benchmark"),
    "optimize": (*_CANDLES, *_ACCOUNT, *_SEARCH),
    "walk-forward": (*_CANDLES, *_ACCOUNT, *_SEARCH, *_WINDOWS),
    "validate": (*_CANDLES, "data_dir", *_ACCOUNT, *_SEARCH, *_WINDOWS),
    "monte-carlo": ("seed",),
}
"""The options of each verb whose default is the setting of the same name; `--help` shows its value."""


class SettingsDefaults(dict[str, Any]):
    """The `default_map` of the command, which Typer looks up by verb: settings are read only for a verb that has any.

    Where nothing is set, or there is no workspace, the defaults in the signatures hold, which are the same.
    """

    def get(self, verb: str, default: Any = None) -> Any:
        """The defaults of the options of `verb`, by name.

        Raises:
            InputError: a settings file is wrong.
        """
        names = FROM_SETTINGS.get(verb)
        if names is None or not _anything_set(names):
            return default
        from skills_lib.settings import Settings

        return {name: _shown(value) for name, value in Settings().option_values().items() if name in names}


def _shown(value: Any) -> Any:
    """100000 rather than 100000.0 in the help."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _anything_set(names: tuple[str, ...]) -> bool:
    from skills_lib.workspace.location import locate
    from skills_lib.workspace.values import anything_given

    home = locate().folder
    return home is not None and anything_given(home, names)


Strategy = Annotated[
    str, typer.Argument(help="A strategy listed by `twokey strategies`; in any order with the others.")
]
Symbol = Annotated[str, typer.Argument(help="BTC, BTCUSDT or BTC/USDT.")]
Timeframe = Annotated[str, typer.Argument(help="1m to 1w, such as 1h.")]
Param = Annotated[
    list[str] | None,
    typer.Option(
        help="NAME=low:high:step (ends included) or NAME=a,b,c; repeatable. Other parameters keep their defaults."
    ),
]
Constraint = Annotated[
    list[str] | None, typer.Option(help='Such as "fast < slow"; added to the constraints of the strategy.')
]
Maximize = Annotated[
    str, typer.Option(help="Metric to optimise, in its better direction: the least of a loss, the most of a gain.")
]
Method = Annotated[str, typer.Option(help="grid, random or tpe.")]
Trials = Annotated[
    int | None, typer.Option(help="Combinations to try; random and tpe only.", show_default="setting trials, or 200")
]
Seed = Annotated[int, typer.Option(help="Seed of random and tpe.")]
Engine = Annotated[str, typer.Option(help="kernel (compiled) or reference (backtesting.py).")]
Cluster = Annotated[str | None, typer.Option(help="tcp://host:8786 (Dask) or ray://host:10001 (Ray).")]
Anchored = Annotated[bool, typer.Option(help="Every train span starts at the first bar.")]
Embargo = Annotated[str, typer.Option(help="Gap between train and test.")]
Pick = Annotated[str, typer.Option(help="plateau (centre of the best plateau, recommended) or peak (raw maximum).")]
Since = Annotated[str | None, typer.Option(help="First day or time, UTC.")]
Until = Annotated[str | None, typer.Option(help="End day or time, UTC, exclusive.")]
Source = Annotated[str, typer.Option(help="auto, cache, exchange, archive, sample, yahoo or store.")]
Exchange = Annotated[
    str | None, typer.Option(help="Any ccxt exchange id.", show_default="setting exchange, or binance")
]
Data = Annotated[Path | None, typer.Option(help="A CSV or Parquet file of candles to use instead.")]
Costs = Annotated[str, typer.Option(help="default, binance-spot, usdm-taker, usdm-maker, ib-stock or free.")]
Cash = Annotated[float, typer.Option(help="Starting equity in quote currency.")]
Leverage = Annotated[float, typer.Option(help="1 to 125.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object.")]
