"""How many tape lines, signed requests and frames a second the exchange in process handles. Run by `make bench`.

Over a recording if available, else over the embedded tape. Lines are counted over processor time of this process on one
core, with the garbage collector as it is; best and median of `--repeats` runs, beside those of the clock. The target is
that of the issue that requested the venue, for a tape decoded beforehand that nobody subscribes to.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from live.enums import Side
from live.simulator.outputs import Frame, Response
from live.simulator.scaled_messages import scaled_tape
from live.simulator.settings import DEFAULT_KEY, SimulatorSettings
from live.simulator.tape_source import Played, TapeSource
from live.simulator.venue import LocalVenue
from live.wire import HttpRequest
from skills_lib.market.depth.tape.lines import TapeLine, read_lines
from skills_lib.market.depth.tape.sample import SAMPLE_TAPE
from tests.live.signing import signed_query

ROOT = Path(__file__).resolve().parents[2]
TAPE = "binance_usdm_BTCUSDT_20240808T2354.ts_jsonl.gz"
TARGET_LINES = 200_000
SYMBOL, S = "BTCUSDT", 1_000_000_000
REQUESTS = 2_000
STREAMS = "/stream?streams=btcusdt@depth/btcusdt@bookTicker/btcusdt@trade"

Job = Callable[[], int]
"""Does something that is timed; returns how often."""


def signed(venue: LocalVenue, method: str, path: str, **fields: object) -> HttpRequest:
    """A signed request with the exchange's time."""
    query = signed_query({"timestamp": venue.now_ms} | fields)
    return HttpRequest(method, f"{path}?{query}", {"X-MBX-APIKEY": DEFAULT_KEY})


def opened(tape: Iterable[Played]) -> LocalVenue:
    """A venue at the tape's beginning, without the weight limit of an address."""
    return LocalVenue(SimulatorSettings(seed=7, weight_limit=10**9), iter(tape))


def play(venue: LocalVenue, end_ns: int) -> Job:
    """Play the rest of the tape."""

    def job() -> int:
        before = venue.engine.lines
        venue.advance(end_ns)
        return venue.engine.lines - before

    return job


def with_orders(tape: Iterable[Played]) -> LocalVenue:
    """A venue with an order and a stop that wait far from the price, so that every diff and trade is held to them."""
    venue = opened(tape)
    bid, rules = venue.feed.books[SYMBOL].best(Side.BUY), venue.state.markets[SYMBOL].rules
    price = rules.price_text(bid * 8 // 10 // rules.tick * rules.tick)
    order = {"symbol": SYMBOL, "quantity": "0.010"}
    limit = order | {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": price}
    stop = order | {"side": "SELL", "type": "STOP_MARKET", "algoType": "CONDITIONAL", "triggerPrice": price}
    venue.request(signed(venue, "POST", "/fapi/v1/order", **limit))
    venue.request(signed(venue, "POST", "/fapi/v1/algoOrder", **stop))
    venue.advance(venue.now_ns + S)
    if not (venue.state.open.get(SYMBOL) and venue.state.waiting.get(SYMBOL)):
        sys.exit("The order and the stop were not accepted.")
    return venue


def from_bytes(raw: list[TapeLine], end_ns: int) -> Job:
    """Decode and play up to the tape's end: beyond it the exchange would go on charging funding."""

    def job() -> int:
        venue = opened(TapeSource().read(raw))
        venue.advance(end_ns)
        return venue.engine.lines

    return job


def subscribed(tape: Iterable[Played], end_ns: int) -> Job:
    """Play for a client of three streams; count its frames."""
    venue = opened(tape)
    venue.connect(STREAMS)

    def job() -> int:
        return sum(isinstance(output, Frame) for output in venue.advance(end_ns))

    return job


def asking(tape: Iterable[Played]) -> Job:
    """Send signed requests, one every millisecond of the tape; count the accepted."""
    venue = opened(tape)

    def job() -> int:
        found = []
        for _ in range(REQUESTS):
            venue.request(signed(venue, "GET", "/fapi/v3/balance"))
            found += venue.advance(venue.now_ns + S // 1_000)
        found += venue.advance(venue.now_ns + S)
        answers = [output.response for output in found if isinstance(output, Response) and output.response]
        return sum(answer.status == 200 for answer in answers)

    return job


def report(title: str, start: Callable[[], Job], repeats: int, target: str = "") -> None:
    """Print one row."""
    cpu, wall = list[float](), list[float]()
    for _ in range(repeats):
        job = start()
        began, began_cpu = time.perf_counter(), time.process_time()
        count = job()
        cpu.append(count / (time.process_time() - began_cpu))
        wall.append(count / (time.perf_counter() - began))
    best, median = (f"{found(cpu):>9,.0f}/s" for found in (max, statistics.median))
    clock = f"{max(wall):>9,.0f}/s"
    print(f"  {title:<44} best {best}  median {median}  by the clock {clock}  {target}")


def main() -> None:
    """Print all rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    repeats = parser.parse_args().repeats
    recorded = ROOT.parent / "shared" / "data" / "l2" / TAPE
    path = recorded if recorded.exists() else SAMPLE_TAPE
    raw = [line for line in read_lines(path) if isinstance(line, TapeLine)]
    tape = list(scaled_tape(TapeSource().read(raw)))
    end_ns = tape[-1].time_ns
    print(f"{path.name}: {len(tape):,} lines; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    target = f"(target at least {TARGET_LINES:,})"
    report("lines decoded beforehand", lambda: play(opened(tape), end_ns), repeats, target)
    report("lines, with an order and a stop", lambda: play(with_orders(tape), end_ns), repeats)
    report("lines from raw bytes", lambda: from_bytes(raw, end_ns), min(repeats, 3))
    report("frames to a client of three streams", lambda: subscribed(tape, end_ns), min(repeats, 3))
    report("signed requests (balance)", lambda: asking(tape), min(repeats, 3))


if __name__ == "__main__":
    main()
