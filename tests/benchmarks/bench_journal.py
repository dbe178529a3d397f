"""How long a book update takes to journal, and how many bytes. Run by `make bench`.

Over the five best levels of a recording if available, else of the embedded tape, after each update of the book.
Microseconds are processor time, best and median of `--repeats` runs; bytes are those of the file.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

from live.engine.events import BookChanged
from live.journal.opening import new_journal
from live.journal.settings import Fsync
from live.money import parse
from skills_lib.market.depth.model import DepthUpdate, Venue
from skills_lib.market.depth.tape.attribution import attributed
from skills_lib.market.depth.tape.lines import TapeLine, read_lines
from skills_lib.market.depth.tape.replay import Replay
from skills_lib.market.depth.tape.sample import SAMPLE_TAPE
from skills_lib.trades.journal.verification import verify_journal

ROOT = Path(__file__).resolve().parents[2]
TAPE = "binance_usdm_BTCUSDT_20240808T2354.ts_jsonl.gz"
TARGET_US, TARGET_BYTES = 3, 60
DEPTH = 5


def books_of(path: Path) -> list[BookChanged]:
    """The best levels after each update of the book, with the time at which the recorder received it."""
    replay, found = Replay("BTCUSDT", Venue.USDM), []
    for entry in attributed(read_lines(path), Venue.USDM):
        replay.take(entry)
        book, message = replay.local.book, entry.message
        if isinstance(message, DepthUpdate) and isinstance(entry.line, TapeLine) and replay.local.in_sync:
            bids, asks = (tuple(parse(text) for level in side for text in level) for side in book.top_text(DEPTH))
            time_ns, event_ns = entry.line.local_ts_ns or 0, message.event_ts_ms * 1_000_000
            found.append(BookChanged(time_ns, replay.symbol, event_ns, message.final_update_id, True, bids, asks))
    return found


def seconds_of(books: list[BookChanged], path: Path) -> float:
    """Processor time of journalling all books."""
    writer = new_journal(path, books[0].time_ns, "bench", Fsync.NEVER)
    began = time.process_time()
    for book in books:
        writer.event(book)
    writer.flush(books[-1].time_ns)
    taken = time.process_time() - began
    writer.close()
    return taken


def main() -> None:
    """Print both figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    recorded = ROOT.parent / "shared" / "data" / "l2" / TAPE
    path = recorded if recorded.exists() else SAMPLE_TAPE
    books = books_of(path)
    print(f"{path.name}: {len(books):,} book updates; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(parser.parse_args().repeats):
            file = Path(folder) / f"{number}.jsonl"
            taken.append(seconds_of(books, file) / len(books) * 1e6)
        size = file.stat().st_size / len(books)
        began = time.process_time()
        verify_journal(file)
        checked = (time.process_time() - began) / len(books) * 1e6
    best, median = min(taken), statistics.median(taken)
    print(f"  journal a book update   best {best:.2f} us  median {median:.2f} us  (target at most {TARGET_US})")
    print(f"  bytes of a book update  {size:.1f}  (target at most {TARGET_BYTES})")
    print(f"  verify a book update    {checked:.2f} us")


if __name__ == "__main__":
    main()
