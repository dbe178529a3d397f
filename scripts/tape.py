"""`twokey tape`: check, describe, import and export recordings of the order book."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_json
from scripts.next_step import ending, print_ending
from scripts.options import AsJson
from scripts.program import command
from skills_lib.domain.errors import InputError

if TYPE_CHECKING:
    from skills_lib.market.depth.latency import LatencyReport
    from skills_lib.market.depth.tape.report import TapeReport

app = typer.Typer(help="Check, describe, import and export recordings of the order book.", no_args_is_help=True)


class VenueName(StrEnum):
    """Binance market."""

    USDM = "usdm"
    SPOT = "spot"


class ExportFormat(StrEnum):
    """Format of an exported tape."""

    PARQUET = "parquet"
    HFTBACKTEST = "hftbacktest"


Tape = Annotated[
    Path, typer.Argument(metavar="FILE", help="A file of lines, plain, .gz or .zst, or a recorded folder.")
]
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
    step = command("scan", "--tape", file) if usable else command("tape", "info", file)
    if json:
        print_json(report.model_dump(mode="json") | ending(step))
    else:
        _print_report(report)
        print_ending(step)


@app.command("info")
def info(file: Tape, json: AsJson = False) -> None:
    """Summarise a tape without building a book: symbols, message kinds, times, latency, size.

    Example: twokey tape info btcusdt.ts_jsonl.gz
    """
    from skills_lib.market.depth.tape.info import describe_tape

    found = describe_tape(file)
    named = [name for name in found.symbols if name]
    symbol = ("--symbol", named[0]) if len(named) > 1 else ()
    step = command("tape", "check", file, *symbol)
    if json:
        print_json(found.model_dump(mode="json") | ending(step))
        return
    typer.echo(f"{len(found.files)} files, {found.size_bytes:,} bytes, {found.lines:,} lines  {found.origin or ''}")
    typer.echo(_span(found.first_local_ts_ns, found.last_local_ts_ns))
    for name, kinds in found.symbols.items():
        typer.echo(f"{name or '(responses)':<12} " + "  ".join(f"{kind} {n:,}" for kind, n in kinds.items()))
    _print_latency(found.latency)
    _print_problems(found.problems)
    print_ending(step)


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

    done = import_tape(file, symbol.upper(), Venue(venue.value), Settings().tapes_dir, snapshots)
    step = command("scan", "--tape", done.folder)
    if json:
        report = done.report.model_dump(mode="json")
        print_json({"folder": str(done.folder), "skipped": done.skipped, **report, **ending(step)})
        return
    typer.echo(f"Imported into {done.folder}; {done.skipped:,} lines were of other symbols or could not be read.")
    _print_report(done.report)
    print_ending(step)


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
    step = command("tape", "info", file)
    if json:
        print_json({"out": str(out), **done._asdict(), **ending(step)})
        return
    typer.echo(f"{done.rows:,} rows in {out}.")
    if done.shifted_ns:
        typer.echo(f"Receive times moved by {done.shifted_ns / 1e6:,.3f} ms: the recorder's clock was behind.")
    print_ending(step)


def _format(out: Path, requested: ExportFormat | None) -> ExportFormat:
    inferred = {".parquet": ExportFormat.PARQUET, ".npz": ExportFormat.HFTBACKTEST}.get(out.suffix)
    if (found := requested or inferred) is None:
        raise InputError(f"Unknown format for {out.name}. Name it .parquet or .npz, or pass --format.")
    return found


def _upper(symbol: str | None) -> str | None:
    return symbol.upper() if symbol else None


def _print_report(report: "TapeReport") -> None:
    state = "in sync" if report.in_sync else "OUT OF SYNC"
    typer.echo(f"{report.symbol} {report.venue}  {report.lines:,} lines  book {state}")
    typer.echo(_span(report.first_local_ts_ns, report.last_local_ts_ns))
    typer.echo("  ".join(f"{kind.replace('_', ' ')} {count:,}" for kind, count in report.messages.items()))
    names = ("chain_breaks", "crossed_books", "malformed", "repeated")
    typer.echo("  ".join(f"{name.replace('_', ' ')} {getattr(report, name):,}" for name in names))
    typer.echo(f"best prices equal to bookTicker at {report.bbo_matched:,} of {report.bbo_checked:,} shared update ids")
    if report.levels and report.top5:
        typer.echo(f"update {report.final_update_id}: {report.levels.bids:,} bids, {report.levels.asks:,} asks")
        for bid, ask in zip(report.top5.bids, report.top5.asks, strict=False):
            typer.echo(f"{bid[1]:>16} {bid[0]:>16} | {ask[0]:<16} {ask[1]:<16}")
    _print_latency(report.latency)
    _print_problems(report.problems)


def _print_latency(latency: "LatencyReport | None") -> None:
    if latency:
        typer.echo(
            f"latency by two clocks: min {latency.min_ms:,.1f}  median {latency.median_ms:,.0f}  "
            f"p99 {latency.p99_ms:,.0f}  max {latency.max_ms:,.1f} ms"
        )


def _print_problems(problems: list[str]) -> None:
    for problem in problems:
        typer.echo(f"! {problem}")


def _span(first_ns: int | None, last_ns: int | None) -> str:
    from datetime import UTC, datetime

    if first_ns is None or last_ns is None:
        return "no receive times"
    first, last = (datetime.fromtimestamp(ns / 1e9, UTC) for ns in (first_ns, last_ns))
    return f"{first:%Y-%m-%dT%H:%M:%SZ} .. {last:%Y-%m-%dT%H:%M:%SZ}  {(last_ns - first_ns) / 1e9:,.1f} s"
