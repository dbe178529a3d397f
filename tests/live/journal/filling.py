"""Writes a journal until its disk is full, makes room, continues it, and prints what happened as JSON.

    python -m tests.live.journal.filling FOLDER [FILE_SIZE_LIMIT]

Without a limit the folder must be on a small file system, on which a second file takes room that is freed later.
"""

import json
import resource
import sys
from pathlib import Path

from live.journal.errors import JournalError
from live.journal.opening import continued_journal, new_journal
from live.journal.writer import JournalWriter
from skills_lib.trades.journal.verification import verify_journal
from tests.live.journal.examples import START_NS, book, started, tick


def left(writer: JournalWriter, first: int) -> tuple[int, str]:
    """Let orders leave, each after two events, until the journal refuses one; how many left, and the refusal."""
    for number in range(first, first + 100_000):
        try:
            writer.event(book(number))
            writer.event(tick(number))
            writer.flush(START_NS, leaving=True)
        except JournalError as error:
            return number - first, str(error)
    raise AssertionError("the disk did not become full")


def main(folder: Path, limit: int | None) -> dict[str, object]:
    """Fill, look, make room, continue."""
    path, ballast = folder / "a.journal", folder / "ballast"
    if limit is None:
        ballast.write_bytes(bytes(32_768))
    writer = new_journal(path, START_NS, "r1")
    writer.event(started())
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    orders, refusal = left(writer, 0)
    again, same_refusal = left(writer, orders)
    writer.close()
    full = verify_journal(path)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    ballast.unlink(missing_ok=True)
    found = continued_journal(path)
    found.writer.event(tick(0))
    found.writer.close()
    return {
        "orders": orders,
        "refusal": refusal,
        "again": again,
        "same": same_refusal == refusal,
        "records": full.records,
        "continued": verify_journal(path, full.head).after_head,
        "torn": found.removed is not None,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)) + "\n")
