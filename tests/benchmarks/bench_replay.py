"""How fast a replay is: a frame to its decision, a raw tape to its figures, a whole report. Run by `make bench`.

Decisions: each diff of a recording as bytes, through the book, its judge, the event and the engine's step, beside
msgspec's typed decode of the same bytes. Nobody answers the engine, so it sends one entry at most.
Replay: a raw tape to its figures, decoded, played and computed in this process under one fill model, beside
hftbacktest's conversion of the same tape and its run of the same rule. Processor time of one core, after imports and
compilation. Whole report: what `twokey replay` does, by the clock.
"""

import argparse
import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from live.binance.markets import MarketReader
from live.engine.contract import Contract
from live.engine.engine import start, step
from live.engine.events import BookChanged, Connection, MarkChanged, Started, StreamKind
from live.engine.limits import Executor, effective
from live.engine.settings import ImbalanceSettings
from live.engine.state import EngineState
from live.money import SCALE
from live.replay.conditions import Conditions
from live.replay.engine_replays import EngineReplays
from live.replay.figures.trades import TradeFigures, trade_figures
from live.replay.study.variants import Variant
from live.simulator.core.fill_models import FillModel
from live.simulator.latency import ASSUMED
from skills_lib.market.depth.model import DepthUpdate
from skills_lib.market.depth.tape.lines import TapeLine, read_lines
from skills_lib.market.depth.tape.sample import SAMPLE_TAPE

if TYPE_CHECKING:
    from tests.benchmarks.peers.hftbacktest_peer import PeerResult

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "l2"
TAPES = {
    "BTCUSDT": "binance_usdm_BTCUSDT_20240808T2354.ts_jsonl.gz",
    "ETHUSDT": "binance_usdm_ETHUSDT_20240808T2354.ts_jsonl.gz",
}
TICKS = {"BTCUSDT": SCALE // 10, "ETHUSDT": SCALE // 100}
CAPITAL, STEP = 40_000 * SCALE, SCALE // 1_000
TARGET_RATIO, REPORT_RATIO = 3.0, 15
SEED = 7


class Envelope(msgspec.Struct, gc=False):
    """A diff of a combined stream."""

    stream: str
    data: DepthUpdate


def contract(symbol: str) -> Contract:
    """A contract with the filters of its time."""
    return Contract(
        symbol=symbol,
        margin_asset="USDT",
        tick=TICKS[symbol],
        step=STEP,
        min_quantity=STEP,
        max_quantity=1_000 * SCALE,
        max_market_quantity=120 * SCALE,
        min_notional=50 * SCALE,
        price_decimals=1 if symbol == "BTCUSDT" else 2,
        quantity_decimals=3,
        maker_rate=SCALE // 5_000,
        taker_rate=SCALE // 2_000,
        leverage=10,
    )


def opened(symbol: str, now_ns: int) -> EngineState:
    """An engine whose streams are up."""
    limits = effective(Executor.SCALP, CAPITAL, {})
    state = start(Started(now_ns, "bench", CAPITAL, ImbalanceSettings(), limits, (contract(symbol),)))
    for stream in StreamKind:
        step(state, Connection(now_ns, stream, True))
    return state


def decision_times(symbol: str, lines: list[TapeLine]) -> tuple[list[int], int, int]:
    """Nanoseconds from each diff's bytes to its decision; how many books were usable, and how many led to actions."""
    first_ns = lines[0].local_ts_ns or 0
    reader, state = MarketReader(symbol, ImbalanceSettings().depth), opened(symbol, first_ns)
    reader.opened(first_ns)
    times, usable, acted = list[int](), 0, 0
    for line in lines:
        now_ns = line.local_ts_ns or 0
        if b'"lastUpdateId"' in line.raw:
            reader.on_snapshot(line.raw, now_ns)
            continue
        began = time.perf_counter_ns()
        event = reader.on_frame(line.raw, now_ns)
        actions = step(state, event) if event else []
        times.append(time.perf_counter_ns() - began)
        if isinstance(event, BookChanged) and event.usable:
            usable += 1
            if usable == 1:  # the recordings hold no mark price, and without one the engine enters nothing
                step(state, MarkChanged(now_ns, symbol, now_ns, event.bids[0]))
        acted += bool(actions)
    return times, usable, acted


def decode_times(lines: list[TapeLine]) -> list[int]:
    """Nanoseconds of msgspec's typed decode of each diff."""
    decoder, times = msgspec.json.Decoder(Envelope), list[int]()
    for line in lines:
        if b'"lastUpdateId"' not in line.raw:
            began = time.perf_counter_ns()
            decoder.decode(line.raw)
            times.append(time.perf_counter_ns() - began)
    return times


def quantiles(runs: list[list[int]]) -> tuple[float, float]:
    """Median and p99 in microseconds of the least time that each frame took."""
    fastest = sorted(min(found) for found in zip(*runs, strict=True))
    return statistics.median(fastest) / 1_000, fastest[len(fastest) * 99 // 100] / 1_000


def report_decisions(symbol: str, repeats: int) -> None:
    """Print how long decisions take."""
    path = DATA / TAPES[symbol]
    if not path.exists():
        print(f"  decisions: {path.name} is not here")
        return
    wanted = b'"depthUpdate"', b'"lastUpdateId"'
    lines = [one for one in read_lines(path) if isinstance(one, TapeLine) and any(part in one.raw for part in wanted)]
    found, typed = [], []
    for _ in range(repeats):  # by turns, so that both meet the same load
        found.append(decision_times(symbol, lines))
        typed.append(decode_times(lines))
    decided, decoded = quantiles([times for times, _, _ in found]), quantiles(typed)
    print(f"  {symbol}: {len(found[0][0]):,} diffs, {found[0][1]:,} usable books, {found[0][2]:,} with actions")
    for name, mine, peer in zip(("median", "p99"), decided, decoded, strict=True):
        print(
            f"    {name:<7} bytes to decision {mine:7.1f} us  typed decode {peer:7.1f} us  "
            f"ratio {mine / peer:4.2f} (target at most {TARGET_RATIO})"
        )


def one_replay(path: Path) -> TradeFigures:
    """Raw tape to figures: decode, play under one fill model, compute."""
    limits = effective(Executor.SCALP, CAPITAL, {})
    conditions = Conditions(symbol="BTCUSDT", capital=CAPITAL, limits=limits, seed=SEED)
    variant = Variant(settings=ImbalanceSettings(), fills=FillModel.PESSIMISTIC, latency=ASSUMED)
    replays = EngineReplays([path], conditions, [variant.settings])
    return trade_figures([replays.run(0, variant).trades], SEED)


def by_turns(jobs: Sequence[Callable[[], object]], repeats: int) -> list[list[float]]:
    """Processor seconds of each job, in turn and in both orders, after one round that is not counted."""
    found: list[list[float]] = [[] for _ in jobs]
    for turn in range(-1, repeats):
        places = list(range(len(jobs)))[:: 1 if turn % 2 else -1]
        for place in places:
            gc.collect()
            began = time.process_time()
            jobs[place]()
            if turn >= 0:
                found[place].append(time.process_time() - began)
    return found


def report_replay(repeats: int) -> None:
    """Print how long one replay takes from a raw tape to its figures, beside the peer where it can be had."""
    path = DATA / TAPES["BTCUSDT"]
    if not path.exists():
        (taken,) = by_turns([lambda: one_replay(SAMPLE_TAPE)], repeats)
        print(f"  {SAMPLE_TAPE.name}: raw tape to figures {min(taken):.2f} s; no recording to compare with a peer")
        return
    try:
        from tests.benchmarks.peers import hftbacktest_peer as peer
    except ImportError:
        print("  hftbacktest is not installed: run `make bench`")
        return
    tick, step_size = TICKS["BTCUSDT"] / SCALE, STEP / SCALE
    jobs = (lambda: one_replay(path), lambda: peer.run(peer.converted(path), tick, step_size))
    mine, theirs = by_turns(jobs, repeats)
    print(f"  {path.name}: raw tape to figures, one fill model (target: ratio below 1)")
    for word, pick in (("best", min), ("median", statistics.median)):
        ours, other = pick(mine), pick(theirs)
        print(f"    {word:<7} twokey {ours:.2f} s  hftbacktest {other:.2f} s  ratio {ours / other:.2f}")
    print_results(one_replay(path), peer.run(peer.converted(path), tick, step_size))


def print_results(mine: TradeFigures, peer: "PeerResult") -> None:
    """Print what both earned on the same tape."""
    gross, net = mine.gross_bps.mean or 0.0, mine.net_bps.mean or 0.0
    rows = (
        ("twokey", mine.trades, gross, net, mine.net_usd),
        ("hftbacktest", peer.trades, peer.gross_bps, peer.net_bps, peer.net),
    )
    for name, trades, gross_bps, net_bps, profit in rows:
        print(
            f"    {name:<12} {trades:>3} round trips  gross {gross_bps:+7.2f} bp  net {net_bps:+7.2f} bp  "
            f"profit {profit:+9.2f} USDT"
        )
    if peer.is_open:
        print("    hftbacktest's profit has a position that is open at the end, at the mid price")


def report_whole(path: Path) -> None:
    """Print how long the command takes for the whole report, beside one replay: with controls, pictures and start."""
    (single,) = by_turns([lambda: one_replay(path)], 1)
    start = "from scripts.cli import main; main()"
    command = [sys.executable, "-c", start, "replay", str(path), "--symbol", "BTCUSDT", "--json"]
    with tempfile.TemporaryDirectory() as folder:
        place = {"PYTHONPATH": str(ROOT), "TWOKEY_HOME": folder}
        began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, cwd=folder, env=os.environ | place, capture_output=True, check=False)
        taken, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        print(f"  the whole report failed with exit code {done.returncode}")
        return
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"  {path.name}: whole report {taken:.1f} s by the clock, {processor:.1f} s of processors; ", end="")
    print(
        f"{taken / min(single):.1f} and {processor / min(single):.1f} times one replay (target at most {REPORT_RATIO})"
    )


def main() -> None:
    """Print all rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    for symbol in TAPES:
        report_decisions(symbol, repeats)
    report_replay(repeats)
    report_whole(path if (path := DATA / TAPES["BTCUSDT"]).exists() else SAMPLE_TAPE)


if __name__ == "__main__":
    main()
