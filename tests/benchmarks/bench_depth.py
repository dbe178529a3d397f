"""How long the order book takes beside msgspec's decoding alone and ccxt.pro's book. Run by `make bench`.

Per message of a recording if available, else of a generated stream: raw bytes in, sequenced book,
imbalance of the top five out. Every message is timed `--repeats` times and its quickest time counts, on all sides, so
that what else the machine does is left out; then the median and the 99th percentile over messages. Then the same from
a loopback socket beside a bare `websockets` client, and the memory over a million messages. Targets are those of the
issue that requested the book.
"""

import argparse
import asyncio
import gzip
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from skills_lib.market.depth.book.compiled_local_book import CompiledLocalBook
from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.feed.socket import open_socket
from skills_lib.market.depth.feed.streams import Dispatcher, IgnoreAll
from skills_lib.market.depth.model import MarketEvent, Snapshot, Venue
from skills_lib.market.depth.wire import decode

ROOT = Path(__file__).resolve().parents[2]
TAPES = ("binance_usdm_BTCUSDT_20240808T2354.ts_jsonl.gz", "binance_usdm_ETHUSDT_20240808T2354.ts_jsonl.gz")
MILLION = 1_000_000

Take = Callable[[bytes], object]


class Data(msgspec.Struct):
    """What `msgspec` alone decodes: every field of the update, typed."""

    E: int
    T: int
    s: str
    U: int
    u: int
    pu: int
    b: list[tuple[str, str]]
    a: list[tuple[str, str]]


class Envelope(msgspec.Struct):
    """A message of a combined stream."""

    stream: str
    data: Data


class Recording:
    """The updates of a tape that follow its snapshot, and the book before them."""

    def __init__(self, name: str, lines: list[bytes], symbol: str) -> None:
        self.name, self.symbol = name, symbol
        book = LocalBook(symbol, Venue.USDM)
        self.snapshot, self.before, self.after = b"", list[bytes](), list[bytes]()
        self.all_stages = list[bytes]()
        for raw in lines:
            if book.in_sync:
                self.all_stages.append(raw)
            if b'"depthUpdate"' in raw[:100]:
                (self.after if book.in_sync else self.before).append(raw)
                book.receive_raw(raw)
            elif raw.startswith(b'{"lastUpdateId"'):
                self.snapshot = raw
                book.load(decode(raw))

    def open(self, opener: Callable[[str, Venue], LocalBook]) -> LocalBook:
        """A book in the state before the first update of `after`."""
        book = opener(self.symbol, Venue.USDM)
        for raw in self.before:
            book.receive_raw(raw)
        snapshot = decode(self.snapshot)
        assert isinstance(snapshot, Snapshot)
        book.load(snapshot)
        return book


def recordings() -> list[Recording]:
    """Real ones, or a generated one."""
    folder = ROOT.parent / "shared" / "data" / "l2"
    if folder.is_dir():
        return [Recording(name, exact(folder / name), name.split("_")[2]) for name in TAPES]
    sys.path.insert(0, str(ROOT))
    from tests.market.depth.generated_stream import GeneratedMarket

    print("No recordings beside this checkout: a generated stream is used, and the ratios mean little.")
    return [Recording("generated", list(GeneratedMarket(1, Venue.USDM).frames(5_000)), "BTCUSDT")]


def exact(path: Path) -> list[bytes]:
    """Messages of a recording without their times."""
    with gzip.open(path) as lines:
        return [line.split(b" ", 1)[1].rstrip(b"\n") for line in lines]


def compiled(tape: Recording) -> Take:
    """Our book, compiled."""
    book = tape.open(CompiledLocalBook)
    receive = book.receive_raw

    def take(raw: bytes) -> float | None:
        receive(raw)
        return book.imbalance

    return take


def general(tape: Recording) -> Take:
    """Our book in plain Python."""
    book = tape.open(LocalBook)

    def take(raw: bytes) -> float | None:
        book.receive_raw(raw)
        return book.imbalance

    return take


def typed_decode(_tape: Recording) -> Take:
    """msgspec's typed decode, and nothing else."""
    return msgspec.json.Decoder(Envelope).decode


def ccxt_book(tape: Recording) -> Take:
    """ccxt.pro's decoding and its order book, without its sockets and its sequencing."""
    import ccxt.pro
    import orjson

    exchange = ccxt.pro.binanceusdm()
    snapshot = json.loads(tape.snapshot)
    book = exchange.order_book(exchange.parse_order_book(snapshot, "X/Y", None))
    last = snapshot["lastUpdateId"]
    for raw in tape.before:
        data = orjson.loads(raw)["data"]
        if data["u"] >= last:
            exchange.handle_order_book_message(None, data, book)

    def take(raw: bytes) -> float:
        exchange.handle_order_book_message(None, orjson.loads(raw)["data"], book)
        bid, ask = (sum(level[1] for level in book[side][:5]) for side in ("bids", "asks"))
        return (bid - ask) / (bid + ask)

    return take


def time_each(tape: Recording, start: Callable[[Recording], Take], repeats: int) -> np.ndarray:
    """The quickest time of each message in ns."""
    best, now = np.full(len(tape.after), np.inf), time.perf_counter_ns
    for _ in range(repeats):
        take = start(tape)
        for n, raw in enumerate(tape.after):
            began = now()
            take(raw)
            took = now() - began
            best[n] = min(best[n], took)
    return best


def compare(tape: Recording, repeats: int) -> None:
    """Print times and ratios of one recording."""
    peers = {"compiled": compiled, "msgspec decode alone": typed_decode, "general": general, "ccxt.pro": ccxt_book}
    print(f"{tape.name}: {len(tape.after):,} updates")
    found = {}
    for name, start in peers.items():
        best = time_each(tape, start, repeats)
        found[name] = np.percentile(best, [50, 99]) / 1_000
        print(f"  {name:<22} median {found[name][0]:9.2f} µs   p99 {found[name][1]:9.2f} µs")
    ours, single, ccxt_times = found["compiled"], found["msgspec decode alone"], found["ccxt.pro"]
    for place, label in enumerate(("median", "p99")):
        print(
            f"  {label:<7} {ours[place] / single[place]:.2f} × msgspec's decode (target at most 0.70), "
            f"{ccxt_times[place] / ours[place]:.0f} × faster than ccxt.pro (target at least 25)"
        )


async def drained(url: str) -> None:
    """Receive with a bare `websockets` client, as its documentation shows, and discard everything."""
    from websockets.asyncio.client import connect

    async with connect(url) as socket:
        async for _ in socket:
            pass


class Listening(IgnoreAll):
    """Wants every event, so that tickers and trades are decoded too."""

    def __init__(self) -> None:
        self.events = 0

    def on_event(self, symbol: str, event: MarketEvent) -> None:
        """Count it."""
        self.events += 1


async def followed(url: str, book: LocalBook, messages: list[bytes]) -> None:
    """Receive with our feed: diffs into a book, everything else decoded and dispatched."""
    dispatcher = Dispatcher({book.symbol: book}, Listening())
    for name in {json.loads(raw)["stream"] for raw in messages[:500]}:
        dispatcher.add(name, book.symbol)
    socket = await open_socket(url, dispatcher.receive)
    await socket.wait_closed()
    assert sum(stream.messages for stream in dispatcher.streams.values()) == len(messages)
    assert book.in_sync


def compare_sockets(tape: Recording, title: str, messages: list[bytes], repeats: int, target: str = "") -> None:
    """Print messages a second from a loopback socket, both ways in turn; connecting is part of it."""
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.frame_cannon"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert server.stdin
    assert server.stdout
    server.stdin.write(b"\n".join(messages) + b"\n")
    server.stdin.close()
    url = f"ws://127.0.0.1:{int(server.stdout.readline())}/"
    bare, ours = list[float](), list[float]()
    try:
        for _ in range(repeats):
            book = tape.open(CompiledLocalBook)
            for times, work in ((bare, drained(url)), (ours, followed(url, book, messages))):
                began = time.perf_counter()
                asyncio.run(work)
                times.append(time.perf_counter() - began)
    finally:
        server.terminate()
        server.wait()
    rates = [len(messages) / min(times) for times in (ours, bare)]
    print(
        f"  from a socket, {title}: {rates[0]:,.0f} messages/s decoded and into the book, "
        f"{rates[1]:,.0f}/s thrown away by websockets, {rates[0] / rates[1]:.1f} × {target}"
    )


def measure_memory(tape: Recording) -> None:
    """Print how much the peak of memory grows between 100,000 and a million messages."""
    seen, early = 0, 0
    while seen < MILLION:
        take = compiled(tape)
        for raw in tape.after:
            take(raw)
        seen += len(tape.after)
        if not early and seen >= MILLION // 10:
            early = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - early) / 1024
    print(f"  memory over {seen:,} messages: grew by {grown:.1f} MiB after the first {MILLION // 10:,}")


def main() -> None:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    for tape in recordings():
        compare(tape, options.repeats)
        compare_sockets(tape, "as recorded", tape.all_stages, options.repeats, "(target at least 2)")
        compare_sockets(tape, "depth alone", tape.after, options.repeats)
        measure_memory(tape)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
