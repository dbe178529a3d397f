"""`twokey tape`: check, describe, import, draw and export recordings of the order book."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scripts.console import print_answer, print_error, progress_bar
from scripts.limits import within
from scripts.next_step import command, ended, print_ending
from scripts.options import AsJson
from scripts.tape_argument import TAPE_HELP, tape_of
from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import upper_symbol

app = typer.Typer(help="Check, describe, import, draw and export recordings of the order book.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Add the group."""
    parent.add_typer(app, name="tape")


class VenueName(StrEnum):
    """Binance market."""

    USDM = "usdm"
    SPOT = "spot"


class ExportFormat(StrEnum):
    """Format of an exported tape."""

    PARQUET = "parquet"
    HFTBACKTEST = "hftbacktest"


Tape = Annotated[Path, typer.Argument(metavar="FILE", callback=tape_of, help=TAPE_HELP)]
SymbolOption = Annotated[str | None, typer.Option(help="The symbol, if the tape has several.")]
Snapshots = Annotated[
    Path | None, typer.Option(help="A file with the REST snapshots, if they are not on the tape (cryptofeed).")
]


@app.command("check")
def check(
    file: Tape,
    symbol: SymbolOption = None,
    venue: Annotated[VenueName | None, typer.Option(help="Fail unless the tape is of this venue.")] = None,
    snapshots: Snapshots = None,
    json: AsJson = False,
) -> None:
    """Replay a tape into a book: chain breaks, crossed books, bookTicker comparison, and the final book.

    Example: twokey tape check btcusdt.ts_jsonl.gz
    """
    from skills_lib.market.depth.model import Venue
    from skills_lib.market.depth.tape.check import check_tape

    report = check_tape(file, _upper(symbol), None if venue is None else Venue(venue.value), snapshots)
    usable = report.in_sync and snapshots is None
    after = command("scan", "--tape", file) if usable else command("tape", "info", file)
    if json:
        from skills_lib.answers.market import TapeAnswer

        print_answer(ended(TapeAnswer.of(report), after), "tape-check")
    else:
        from scripts.tables.tape import print_report

        print_report(report)
        print_ending(after)


@app.command("info")
def info(file: Tape, json: AsJson = False) -> None:
    """Summarise a tape without building a book: symbols, message kinds, times, latency, size.

    Example: twokey tape info btcusdt.ts_jsonl.gz
    """
    from skills_lib.market.depth.tape.info import describe_tape

    found = describe_tape(file)
    named = [name for name in found.symbols if name]
    after = command("tape", "check", file, *(("--symbol", named[0]) if len(named) > 1 else ()))
    if json:
        from skills_lib.answers.market import TapeInfoAnswer

        print_answer(ended(TapeInfoAnswer.of(found), after), "tape-info")
        return
    from scripts.tables.tape import print_info

    print_info(found)
    print_ending(after)


@app.command("import")
def import_(
    file: Tape,
    symbol: Annotated[str, typer.Option(help="Binance's spelling, such as BTCUSDT.")],
    venue: Annotated[VenueName, typer.Option(help="usdm or spot; must match the updates.")],
    snapshots: Snapshots = None,
    json: AsJson = False,
) -> None:
    """Copy one symbol's exact lines into data/tapes, with a manifest, and check them. An invalid tape changes nothing.

    Example: twokey tape import btcusdt.ts_jsonl.gz --symbol BTCUSDT --venue usdm
    """
    from skills_lib.market.depth.model import Venue
    from skills_lib.market.depth.tape.importing import import_tape
    from skills_lib.settings import Settings

    done = import_tape(file, upper_symbol(symbol), Venue(venue.value), Settings().tapes_dir, snapshots)
    after = command("scan", "--tape", done.folder)
    if json:
        from skills_lib.answers.market import TapeAnswer

        print_answer(ended(TapeAnswer.of(done.report, done.folder, done.skipped), after), "tape-import")
        return
    from scripts.tables.screen import Screen
    from scripts.tables.tape import print_report

    screen = Screen()
    screen.path("Imported into", done.folder)
    screen.text(f"Lines of other symbols or unreadable: {done.skipped:,}")
    print_report(done.report)
    print_ending(after)


@app.command("draw")
def draw(
    hours: Annotated[float, typer.Option(callback=within(0.001, 744), help="Length; at most 744.")] = 1.0,
    seed: Annotated[int, typer.Option(callback=within(0, 2**31 - 1), help="The same seed draws the same tape.")] = 1,
    symbol: Annotated[str, typer.Option(help="BTCUSDT or ETHUSDT, for which a market is fitted.")] = "BTCUSDT",
    json: AsJson = False,
) -> None:
    """Draw a synthetic tape with the statistics of real ones into data/synthetic-tapes.

    ctrl-C keeps the hours that are finished, out of sight; rerun to resume.

    Example: twokey tape draw --hours 24 --seed 1
    """
    from skills_lib.market.depth.tape.drawing.job import DrawRequest, draw_tape
    from skills_lib.market.depth.tape.sample import SYNTHETIC_TAPE
    from skills_lib.settings import Settings

    request = DrawRequest(upper_symbol(symbol), hours, seed)
    with progress_bar(not json) as progress:
        done = draw_tape(request, Settings().tapes_dir.with_name("synthetic-tapes"), progress)
    print_error(f"! {SYNTHETIC_TAPE}")
    after = command("tape", "check", done.folder)
    if json:
        from skills_lib.answers.market import SyntheticTapeAnswer

        answer = SyntheticTapeAnswer(
            synthetic=True,
            symbol=request.symbol,
            seed=seed,
            seconds=request.seconds,
            lines=done.lines,
            size_bytes=done.size_bytes,
            folder=done.folder,
        )
        print_answer(ended(answer, after), "tape-draw")
        return
    from scripts.tables.screen import Screen

    Screen().path(f"{done.lines:,} lines, {done.size_bytes:,} bytes, in", done.folder)
    print_ending(after)


@app.command("export")
def export(
    file: Tape,
    out: Annotated[Path, typer.Option(help="File to write; an existing one is replaced.")],
    format: Annotated[ExportFormat | None, typer.Option(help="Inferred from .parquet or .npz by default.")] = None,
    symbol: SymbolOption = None,
    snapshots: Snapshots = None,
    json: AsJson = False,
) -> None:
    """Write a tape as Parquet (one row per level or trade) or as hftbacktest events.

    Example: twokey tape export btcusdt.ts_jsonl.gz --out btcusdt.parquet
    """
    from skills_lib.market.depth.tape.exporting import export_hftbacktest, export_parquet

    write = export_parquet if _format(out, format) is ExportFormat.PARQUET else export_hftbacktest
    done = write(file, out, _upper(symbol), snapshots)
    after = command("tape", "info", file)
    if json:
        from skills_lib.answers.market import ExportAnswer

        print_answer(ended(ExportAnswer(out=out.absolute(), **done._asdict()), after), "tape-export")
        return
    from scripts.tables.screen import Screen

    screen = Screen()
    screen.path(f"{done.rows:,} rows in", out)
    if done.clock_steps:
        screen.text(f"Receive times corrected: the recorder's clock was set back {done.clock_steps:,} times.")
    if done.shifted_ns:
        screen.text(f"Receive times moved by {done.shifted_ns / 1e6:,.3f} ms: the recorder's clock was behind.")
    print_ending(after)


def _format(out: Path, requested: ExportFormat | None) -> ExportFormat:
    inferred = {".parquet": ExportFormat.PARQUET, ".npz": ExportFormat.HFTBACKTEST}.get(out.suffix)
    if (found := requested or inferred) is None:
        raise InputError(f"Unknown format for {out.name}. Name it .parquet or .npz, or pass --format.")
    return found


def _upper(symbol: str | None) -> str | None:
    return upper_symbol(symbol) if symbol else None
