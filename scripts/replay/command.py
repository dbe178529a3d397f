"""`twokey replay`: the order-book-imbalance engine on recorded books, and whether its edge survives its costs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.console import print_answer, progress_bar
from scripts.limits import within
from scripts.next_step import command, ended, print_ending
from scripts.options import AsJson
from scripts.simulator_options import EngineParam, Fills, Latency, Limit, LimitsFile
from scripts.tape_argument import TAPE_HELP

if TYPE_CHECKING:
    from scripts.replay.request import PreparedReplay
    from scripts.replay.store import StoredReplay
    from skills_lib.progress import Progress

MAX_RANDOM_RUNS = 1_000


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    tapes: Annotated[list[Path] | None, typer.Argument(help=f"{TAPE_HELP} Several are pooled.")] = None,
    symbol: Annotated[str, typer.Option(help="Symbol to trade, such as BTCUSDT.")] = "BTCUSDT",
    param: EngineParam = None,
    capital: Annotated[str, typer.Option(help="Starting capital in the margin asset.")] = "40000",
    limit: Limit = None,
    limits_file: LimitsFile = None,
    fills: Annotated[Fills, typer.Option(help="Fill model that is judged; the report shows all three.")] = (
        Fills.PESSIMISTIC
    ),
    latency: Latency = "assumed",
    seed: Annotated[int, typer.Option(callback=within(0, 2**31 - 1), help="Seed of latencies and of all samples.")] = 7,
    sweep: Annotated[
        list[str] | None, typer.Option(help="NAME=from:to:step (ends included) or NAME=a,b,c; repeatable.")
    ] = None,
    random_runs: Annotated[
        int, typer.Option(callback=within(19, MAX_RANDOM_RUNS), help="Runs of random entries to compare with.")
    ] = 20,
    delay_s: Annotated[
        float, typer.Option(callback=within(0.1, 3_600), help="How late the delayed signal is, in seconds.")
    ] = 10,
    json: AsJson = False,
) -> None:
    """Replay the engine on recorded order books, with controls, and say whether its edge survives its costs.

    Without a tape: the embedded one, which is synthetic. Stored under backtests/replays; a repeated request is answered
    from there. ctrl-C leaves nothing half.

    Example: twokey replay FILE --symbol BTCUSDT --param buy_ratio=3.0 --sweep depth=3,5,10
    """
    from scripts.replay.request import ReplayArguments, prepare

    arguments = ReplayArguments(
        tapes=tuple(tapes or [Path("sample")]),
        symbol=symbol,
        param=tuple(param or []),
        capital=capital,
        limit=tuple(limit or []),
        limits_file=limits_file,
        fills=fills.value,
        latency=latency,
        seed=seed,
        sweep=tuple(sweep or []),
        random_runs=random_runs,
        delay_s=delay_s,
    )
    prepared = prepare(arguments)
    with progress_bar(shown=not json) as progress:
        found = _stored_or_replayed(prepared, progress)
    _show(found, as_json=json)
    from live.replay.report.draw import drawings
    from scripts.drawing import finish_drawings

    finish_drawings(drawings(found.folder, found.report))


def _stored_or_replayed(prepared: "PreparedReplay", progress: "Progress") -> "StoredReplay":
    from live.replay.study.parallel import usable_processors
    from scripts.replay.store import find_replay, run_replay
    from skills_lib.backtest.sweep.processors import limited
    from skills_lib.settings import Settings

    home = Settings()
    stored = find_replay(home, prepared.request.id)
    return stored or run_replay(home, prepared.request, prepared.opens, limited(usable_processors()), progress)


def _show(found: "StoredReplay", as_json: bool) -> None:
    from scripts.replay.trials import tape_meter
    from skills_lib.ledger.ledger import Ledger
    from skills_lib.settings import Settings

    report, folder = found
    meter = tape_meter(Ledger.of(Settings()), report)
    after = command("journal", "verify", folder / report.tapes[0].journal, "--head", report.tapes[0].journal_head)
    if as_json:
        from scripts.replay.answer import answer_of

        print_answer(ended(answer_of(report, folder), after, meter), "replay")
        return
    from scripts.tables.replay import print_replay

    print_replay(report, folder)
    print_ending(after, meter)
