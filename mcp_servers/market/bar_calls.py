"""Library calls for bars and symbols. Imported on the first call, since it loads pandas."""

from dataclasses import astuple

import numpy as np

from mcp_servers.market import bar_answers as answers
from mcp_servers.paging import make_cursor, read_cursor
from skills_lib.domain.bars import Bars
from skills_lib.market.candles import CandleArguments
from skills_lib.market.candles.symbols import search_symbols
from skills_lib.progress import Progress, no_progress
from skills_lib.settings import Settings


def get_bars(
    request: CandleArguments, cursor: str | None, limit: int, progress: Progress = no_progress
) -> answers.BarsAnswer:
    """`limit` bars from `cursor` on.

    A cursor stores an open time, so pages stay stable when newer bars arrive.

    Raises:
        TwokeyError: an error of the library, or a cursor of another request.
    """
    loaded = request.answer(Settings(), progress)
    key = (*astuple(request), loaded.origin.synthetic)
    first = int(np.searchsorted(loaded.bars.open_time_ns, read_cursor(cursor, *key)))
    end, total = first + limit, len(loaded.bars)
    next_cursor = make_cursor(int(loaded.bars.open_time_ns[end]), *key) if end < total else None
    times = [str(t) for t in loaded.bars.open_time_ns[[0, -1]].view("datetime64[ns]").astype("datetime64[s]")]
    return answers.BarsAnswer(
        symbol=loaded.instrument.symbol,
        timeframe=loaded.timeframe,
        source=str(loaded.origin),
        synthetic=loaded.origin.synthetic,
        total=total,
        start=times[0],
        end=times[1],
        quality=loaded.quality.counts(),
        first=first,
        rows=_rows(loaded.bars[first:end]),
        next_cursor=next_cursor,
        next_step=_next_step(next_cursor, loaded.origin.synthetic),
    )


def find_symbols(text: str, exchange: str | None, limit: int) -> answers.SymbolsAnswer:
    """Symbols of a venue that match `text`, at most `limit`.

    Raises:
        TwokeyError: an unknown venue.
    """
    venue = exchange or Settings().exchange
    found = search_symbols(text, venue, limit + 1)
    return answers.SymbolsAnswer(
        symbols=[answers.SymbolLine.model_validate(match.model_dump()) for match in found[:limit]],
        exchange=venue,
        source=found[0].source if found else None,
        truncated=len(found) > limit,
        next_step="Pass symbol to market_get_bars or backtest_run." if found else "Try fewer letters, such as btc.",
    )


def _rows(bars: Bars) -> list[answers.BarRow]:
    times = bars.open_time_ns.view("datetime64[ns]").astype("datetime64[s]")
    columns = (column.tolist() for column in (bars.open, bars.high, bars.low, bars.close, bars.volume))
    return [
        answers.BarRow(open_time=str(time), open=o, high=h, low=low, close=c, volume=v)
        for time, o, h, low, c, v in zip(times, *columns, strict=True)
    ]


def _next_step(next_cursor: str | None, synthetic: bool) -> str:
    label = "These bars are synthetic: say so. " if synthetic else ""
    more = f'Call again with cursor="{next_cursor}" for the next page.' if next_cursor else "This is the last page."
    return label + more
