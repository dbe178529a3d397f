"""`twokey record`: record the exact bytes of the public streams, with receive times."""

from typing import Annotated

import typer

from scripts.console import print_answer, progress_bar
from scripts.limits import within
from scripts.next_step import command, ended, print_ending
from scripts.options import AsJson
from scripts.tape import VenueName
from skills_lib.domain.instruments import upper_symbol

MAX_MINUTES = 5_256_000
"""Ten years."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("record")(record)


def record(
    symbols: Annotated[list[str], typer.Argument(help="Binance's spelling, such as BTCUSDT ETHUSDT.")],
    minutes: Annotated[
        float,
        typer.Option(
            callback=within(0.01, MAX_MINUTES), help="Duration; Ctrl-C stops early and keeps what was recorded."
        ),
    ] = 60.0,
    venue: Annotated[VenueName, typer.Option(help="usdm or spot.")] = VenueName.USDM,
    host: Annotated[
        str | None,
        typer.Option(
            help="A local server instead of Binance, such as 127.0.0.1:9001.", show_default="setting streams_host"
        ),
    ] = None,
    channels: Annotated[
        str, typer.Option(help="Comma-separated: depth@100ms, bookTicker, trade, aggTrade, kline_1m, markPrice@1s.")
    ] = "depth@100ms,bookTicker,aggTrade",
    part_minutes: Annotated[float, typer.Option(callback=within(0.01, MAX_MINUTES), help="Minutes per file.")] = 60.0,
    json: AsJson = False,
) -> None:
    """Record the order book and trades into data/tapes: zstd, a manifest with hashes; kill -9 loses at most a second.

    Example: twokey record BTCUSDT ETHUSDT --minutes 60
    """
    from skills_lib.market.depth.feed.settings import Channel, Endpoints, FeedSettings
    from skills_lib.market.depth.model import Venue
    from skills_lib.market.depth.tape.record import RecordSettings
    from skills_lib.market.depth.tape.record import record as run
    from skills_lib.settings import Settings

    settings = Settings()
    feed = FeedSettings(
        Endpoints.of(Venue(venue.value), host or settings.streams_host),
        tuple(dict.fromkeys(upper_symbol(symbol) for symbol in symbols)),
        tuple(Channel.parse(name.strip()) for name in channels.split(",")),
    )
    with progress_bar(not json) as progress:
        tapes = run(RecordSettings(feed, settings.tapes_dir, minutes, part_minutes), progress)
    after = command("tape", "check", tapes[0].folder)
    if json:
        from skills_lib.answers.market import RecordAnswer, RecordedTape

        rows = [RecordedTape(symbol=t.symbol, folder=t.folder, lines=t.lines, gaps=t.gaps) for t in tapes]
        print_answer(ended(RecordAnswer(tapes=rows), after), "record")
        return
    from scripts.tables.tape import print_tapes

    print_tapes(tapes)
    print_ending(after)
