"""How fast a replay's parts are: a frame to its decision, and a raw tape through the exchange. Run by `make bench`.

Decisions: each diff of a recording as bytes, through the book, its judge, the event and the engine's step, beside
msgspec's typed decode of the same bytes alone. Nobody answers the engine, so it sends one entry at most.
Tape: raw lines through the exchange in process, which nobody trades on, beside hftbacktest's conversion of the same
tape and its run of the same rule. Processor time of one core, best of `--repeats`, after imports and compilation.
"""

import argparse
import gc
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from live.binance.markets import MarketReader
from live.engine.contract import Contract
from live.engine.engine import start, step
from live.engine.events import BookChanged, Connection, MarkChanged, Started, StreamKind
from live.engine.limits import Executor, effective
from live.engine.settings import ImbalanceSettings
from live.engine.state import EngineState
from live.money import SCALE
from live.simulator.settings import SimulatorSettings
from live.simulator.tape_source import TapeSource
from live.simulator.venue import LocalVenue
from skills_lib.market.depth.model import DepthUpdate
from skills_lib.market.depth.tape.lines import TapeLine, read_lines
from skills_lib.market.depth.tape.sample import SAMPLE_TAPE

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "l2"
TAPES = {
    "BTCUSDT": "binance_usdm_BTCUSDT_20240808T2354.ts_jsonl.gz",
    "ETHUSDT": "binance_usdm_ETHUSDT_20240808T2354.ts_jsonl.gz",
}
TICKS = {"BTCUSDT": SCALE // 10, "ETHUSDT": SCALE // 100}
CAPITAL, STEP = 40_000 * SCALE, SCALE // 1_000
TARGET_RATIO = 3.0


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


def through_exchange(path: Path, end_ns: int) -> int:
    """Play a raw tape through the exchange in process; returns the number of lines."""
    venue = LocalVenue(SimulatorSettings(seed=7), TapeSource().read(read_lines(path)))
    venue.advance(end_ns)
    return venue.engine.lines


def best(job: Callable[[], object], repeats: int) -> float:
    """The least processor time of a job, in seconds, after one that is not counted."""
    job()
    found = []
    for _ in range(repeats):
        gc.collect()
        began = time.process_time()
        job()
        found.append(time.process_time() - began)
    return min(found)


def report_tape(repeats: int) -> None:
    """Print how long a raw tape takes, beside the peer."""
    path = DATA / TAPES["BTCUSDT"]
    path = path if path.exists() else SAMPLE_TAPE
    end_ns = max(played.time_ns for played in TapeSource().read(read_lines(path)))
    lines, taken = through_exchange(path, end_ns), best(lambda: through_exchange(path, end_ns), repeats)
    print(f"  {path.name}: {lines:,} lines through the exchange in process {taken:.2f} s")
    try:
        from tests.benchmarks.peers import hftbacktest_peer as peer
    except ImportError:
        print("  hftbacktest is not installed: run `make bench`")
        return
    if path == SAMPLE_TAPE:
        return
    events = peer.converted(path)
    converting = best(lambda: peer.converted(path), repeats)
    running = best(lambda: peer.run(events, 0.1, 0.001), repeats)
    result = peer.run(events, 0.1, 0.001)
    print(f"  hftbacktest: conversion {converting:.2f} s, run {running:.2f} s, {len(events):,} events")
    print(
        f"    {result.trades} round trips, mean {result.gross_bps:.2f} bps before and {result.net_bps:.2f} after fees, "
        f"net {result.net:.2f} USDT{' with a position open at the end' if result.is_open else ''}"
    )


def main() -> None:
    """Print all rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, Python {sys.version.split()[0]}")
    for symbol in TAPES:
        report_decisions(symbol, repeats)
    report_tape(repeats)


if __name__ == "__main__":
    main()
