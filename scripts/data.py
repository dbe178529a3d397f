"""`twokey data`: import, fetch, list and check candles."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_answer, print_error, progress_bar
from scripts.next_step import command, ended, print_ending
from scripts.options import AsJson, Exchange, Symbol, Timeframe
from skills_lib.domain.errors import CorruptDataError, InputError

if TYPE_CHECKING:
    from skills_lib.answers.market import CacheLine, CandlesAnswer
    from skills_lib.market.candles import Candles
    from skills_lib.market.candles.cache import CacheKey, CandleCache

app = typer.Typer(help="Import, fetch, list and check candles.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Add the group."""
    parent.add_typer(app, name="data")


@app.command("import")
def import_candles(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet, plain, .gz or .zip.")],
    symbol: Annotated[
        str | None, typer.Option(help="BTC, BTCUSDT or BTC/USDT.", show_default="read from the file's name")
    ] = None,
    timeframe: Annotated[
        str | None, typer.Option(help="1m to 1w, such as 1h.", show_default="read from the file's name")
    ] = None,
    exchange: Annotated[
        str | None, typer.Option(help="Any ccxt exchange id.", show_default="read from the file's name, else binance")
    ] = None,
    json: AsJson = False,
) -> None:
    """Check a candle file and merge it into the cache; its bars replace cached ones. An invalid file changes nothing.

    Symbol, timeframe and exchange are read from names such as BTCUSDT-1h-2024-01.zip; options have precedence.

    Example: twokey data import BTCUSDT-1h-2024-01.zip
    """
    from skills_lib.answers.market import CandlesAnswer
    from skills_lib.market.candles.file_names import identify
    from skills_lib.market.candles.importing import import_file

    named = identify(file.name, symbol, timeframe, exchange)
    cache, key = _cache_and_key(named.symbol, named.timeframe, named.exchange)
    done = import_file(file, key, cache)
    if done.note:
        print_error(done.note)
    merged = done.merged
    counts = {"added": merged.added, "replaced": merged.replaced, "unchanged": merged.unchanged}
    answer = CandlesAnswer.of(done.candles, key.instrument.symbol, exchange=key.exchange, **counts)
    after = _backtest(answer, key.exchange)
    if json:
        print_answer(ended(answer, after), "data-import")
        return
    from scripts.tables.candles import print_candles
    from scripts.tables.screen import Screen

    print_candles(answer)
    counted = f"{merged.added:,} bars added, {merged.replaced:,} replaced, {merged.unchanged:,} unchanged in {key}."
    Screen().text(counted)
    print_ending(after)


@app.command("fetch")
def fetch_candles(
    symbol: Symbol,
    timeframe: Timeframe,
    since: Annotated[str | None, typer.Option(help="First day or time, UTC.", show_default="17,520 bars ago")] = None,
    until: Annotated[str | None, typer.Option(help="End day or time, UTC, exclusive.", show_default="now")] = None,
    exchange: Exchange = None,
    source: Annotated[str, typer.Option(help="auto, exchange, archive or yahoo.")] = "auto",
    json: AsJson = False,
) -> None:
    """Fetch the bars missing from the cache. Progress is saved; rerun to resume.

    Example: twokey data fetch BTC 1h --since 2020-01-01
    """
    from skills_lib.market import candles
    from skills_lib.settings import Settings

    settings = Settings()
    request = candles.CandleArguments(symbol, timeframe, since, until, source, exchange).request(settings)
    with progress_bar(not json) as progress:
        found = candles.fetch(request, settings, progress)
    _show(found, found.instrument.symbol, json, exchange)


@app.command("list")
def list_candles(json: AsJson = False) -> None:
    """List what the cache holds."""
    from skills_lib.market.candles.cache import CandleCache
    from skills_lib.settings import Settings

    cache = CandleCache(Settings().candles_dir)
    rows = [row for key in cache.entries() if (row := _row(cache, key))]
    after = _check_first(rows)
    if json:
        from skills_lib.answers.market import CachesAnswer

        print_answer(ended(CachesAnswer(folder=cache.folder, caches=rows), after), "data-list")
    else:
        from scripts.tables.candles import print_caches

        print_caches(rows)
        print_ending(after)


@app.command("check")
def check_candles(
    symbol: Annotated[str, typer.Argument(help="BTC, BTCUSDT or BTC/USDT; not needed with --data.")] = "",
    timeframe: Annotated[str, typer.Argument(help="1m to 1w; detected from the file with --data.")] = "",
    data: Annotated[Path | None, typer.Option(help="A CSV or Parquet file instead of the cache.")] = None,
    exchange: Exchange = None,
    json: AsJson = False,
) -> None:
    """Count gaps, duplicates, unordered bars, invalid prices, zero volume and spikes. Nothing is repaired or filled.

    Example: twokey data check BTC 1h
    """
    from skills_lib.domain.instruments import Instrument
    from skills_lib.domain.timeframes import Timeframe
    from skills_lib.market.candles.importing import check_file

    if data is not None:
        instrument = Instrument.parse(symbol or "BTC")  # only selects between two volume columns
        found = check_file(data, instrument, Timeframe.parse(timeframe) if timeframe else None)
    elif symbol and timeframe:
        found = _cached(symbol, timeframe, exchange)
    else:
        raise InputError("Nothing to check. Write `twokey data check BTC 1h` or `twokey data check --data FILE`.")
    _show(found, found.instrument.symbol if symbol else None, json, exchange, data)


def _cached(symbol: str, timeframe: str, exchange: str | None) -> "Candles":
    from skills_lib.market import candles
    from skills_lib.settings import Settings

    _, key = _cache_and_key(symbol, timeframe, exchange)
    epoch = datetime.fromtimestamp(0, UTC)
    request = candles.CandleRequest(
        key.instrument, key.timeframe, epoch, source=candles.Source.CACHE, exchange=key.exchange
    )
    return candles.load(request, Settings())


def _cache_and_key(symbol: str, timeframe: str, exchange: str | None) -> "tuple[CandleCache, CacheKey]":
    from skills_lib.domain.instruments import Instrument
    from skills_lib.domain.timeframes import Timeframe
    from skills_lib.market.candles.cache import CacheKey, CandleCache
    from skills_lib.market.candles.exchange_client import require_exchange
    from skills_lib.market.candles.model import Source
    from skills_lib.settings import Settings

    settings = Settings()
    venue = exchange or settings.exchange
    if venue != Source.YAHOO:
        require_exchange(venue)
    key = CacheKey(venue, Instrument.parse(symbol), Timeframe.parse(timeframe))
    return CandleCache(settings.candles_dir), key


def _show(found: "Candles", symbol: str | None, as_json: bool, exchange: str | None, data: Path | None = None) -> None:
    from skills_lib.answers.market import CandlesAnswer

    answer = CandlesAnswer.of(found, symbol)
    after = _backtest(answer, exchange, data)
    if as_json:
        print_answer(ended(answer, after), "data")
        return
    from scripts.tables.candles import print_candles

    print_candles(answer)
    print_ending(after)


def _backtest(found: "CandlesAnswer", exchange: str | None, data: Path | None = None) -> str:
    """A backtest on these candles."""
    from skills_lib.settings import Settings

    venue = exchange if exchange and exchange != Settings().exchange else None
    where = ("--data", data) if data else ("--exchange", venue) if venue else ()
    return command("test-strategy", found.symbol or "BTC", found.timeframe, "sma_crossover", *where)


def _check_first(rows: "list[CacheLine]") -> str:
    if not rows:
        return command("data", "fetch", "BTC", "1h")
    first = rows[0]
    return command("data", "check", first.symbol, first.timeframe, "--exchange", first.exchange)


def _row(cache: "CandleCache", key: "CacheKey") -> "CacheLine | None":
    from skills_lib.answers.market import CacheLine

    try:
        cached = cache.read(key)
    except CorruptDataError as error:
        print_error(str(error))
        return None
    return CacheLine.of(key, cached) if cached is not None and len(cached.bars) else None
