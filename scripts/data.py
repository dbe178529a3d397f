"""`twokey data`: import, fetch, list and check candles."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.console import print_error, print_json, progress_bar, with_flags
from scripts.options import AsJson, Exchange, Symbol, Timeframe
from skills_lib.domain.errors import CorruptDataError, InputError

if TYPE_CHECKING:
    from skills_lib.market.candles import Candles
    from skills_lib.market.candles.cache import CacheKey, CandleCache

app = typer.Typer(help="Import, fetch, list and check candles.", no_args_is_help=True)

SYNTHETIC_NOTE = "SYNTHETIC data: generated, not from a market."


@app.command("import")
def import_candles(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet, plain, .gz or .zip.")],
    symbol: Annotated[str, typer.Option(help="BTC, BTCUSDT or BTC/USDT.")],
    timeframe: Annotated[str, typer.Option(help="1m to 1w, such as 1h.")],
    exchange: Exchange = None,
    json: AsJson = False,
) -> None:
    """Check a candle file and merge it into the cache; its bars replace cached ones. An invalid file changes nothing.

    Example: twokey data import BTCUSDT-1h-2024-01.zip --symbol BTC --timeframe 1h
    """
    from skills_lib.market.candles.importing import import_file

    cache, key = _cache_and_key(symbol, timeframe, exchange)
    done = import_file(file, key, cache)
    if done.note:
        print_error(done.note)
    merged, facts = done.merged, _facts(done.candles) | {"exchange": key.exchange}
    counts = {"added": merged.added, "replaced": merged.replaced, "unchanged": merged.unchanged}
    if json:
        print_json(facts | counts)
        return
    _print_facts(facts)
    typer.echo(f"{merged.added:,} bars added, {merged.replaced:,} replaced, {merged.unchanged:,} unchanged in {key}.")


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
    _show(_facts(found), json)


@app.command("list")
def list_candles(json: AsJson = False) -> None:
    """List what the cache holds."""
    from skills_lib.market.candles.cache import CandleCache
    from skills_lib.settings import Settings

    cache = CandleCache(Settings().candles_dir)
    rows = [row for key in cache.entries() if (row := _row(cache, key))]
    if json:
        print_json({"folder": str(cache.folder), "caches": rows})
        return
    if not rows:
        typer.echo("No candles yet. Run `twokey data fetch BTC 1h` or `twokey data import FILE`.")
    for row in rows:
        typer.echo(
            f"{row['exchange']:<12} {row['symbol']:<12} {row['timeframe']:<4} {row['bars']:>9,} bars  "
            f"{row['start']} .. {row['end']}  stored {row['stored_at']} ({row['origin']})"
        )


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
    facts = _facts(found)
    _show(facts if symbol else facts | {"symbol": None}, json)


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


def _facts(found: "Candles") -> dict[str, Any]:
    start, end = (str(time) for time in found.bars.open_time_ns[[0, -1]].view("datetime64[ns]").astype("datetime64[s]"))
    return {
        "symbol": found.instrument.symbol,
        "timeframe": found.timeframe.value,
        "source": str(found.origin),
        "synthetic": found.origin.synthetic,
        "start": f"{start}Z",
        "end": f"{end}Z",
        **found.quality.model_dump(),
    }


def _show(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(facts)
    else:
        _print_facts(facts)


def _print_facts(facts: dict[str, Any]) -> None:
    from skills_lib.domain.continuity import PriceBreak

    for found in facts["first_breaks"]:
        typer.echo(f"! {with_flags(PriceBreak(**found).line())}")
    typer.echo(
        f"{facts['symbol'] or ''} {facts['timeframe']}  {facts['bars']:,} bars  {facts['start']} .. {facts['end']}"
    )
    typer.echo(f"Source: {facts['source']}")
    if facts["synthetic"]:
        typer.echo(SYNTHETIC_NOTE)
    names = ("gaps", "missing_bars", "duplicates", "unordered", "ohlc_violations", "zero_volume", "spikes", "breaks")
    typer.echo("  ".join(f"{name.replace('_', ' ')} {facts[name]:,}" for name in names))
    for gap in facts["largest_gaps"]:
        typer.echo(f"  gap of {gap['missing_bars']:,} bars after {gap['after']}, next bar {gap['before']}")


def _row(cache: "CandleCache", key: "CacheKey") -> dict[str, Any] | None:
    try:
        cached = cache.read(key)
    except CorruptDataError as error:
        print_error(str(error))
        return None
    if cached is None or not len(cached.bars):
        return None
    start, end = (str(t) for t in cached.bars.open_time_ns[[0, -1]].view("datetime64[ns]").astype("datetime64[s]"))
    return {
        "exchange": key.exchange,
        "symbol": key.instrument.symbol,
        "timeframe": key.timeframe.value,
        "bars": len(cached.bars),
        "start": f"{start}Z",
        "end": f"{end}Z",
        "stored_at": f"{cached.fetched_at:%Y-%m-%dT%H:%M:%SZ}",
        "origin": cached.origin,
    }
