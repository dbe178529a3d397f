"""Files of generated streams, intact or corrupted, in every supported tape format."""

import gzip
from pathlib import Path

from skills_lib.market.depth.model import Venue
from tests.market.depth.generated_stream import EPOCH_MS, GeneratedMarket

STEP_NS = 50_000_000


def stamped(frames: list[bytes], first_ns: int = (EPOCH_MS + 200) * 1_000_000) -> list[bytes]:
    """Frames with receive times in ns, 50 ms apart and later than the exchange's."""
    return [b"%d %s" % (first_ns + n * STEP_NS, raw) for n, raw in enumerate(frames)]


def write_tape(path: Path, lines: list[bytes]) -> Path:
    """A gzip of lines."""
    path.write_bytes(gzip.compress(b"\n".join(lines) + b"\n", mtime=0))
    return path


def generated_tape(path: Path, venue: Venue = Venue.USDM, count: int = 120, symbol: str = "BTCUSDT") -> Path:
    """A valid tape of `count` diffs."""
    return write_tape(path, stamped(list(GeneratedMarket(5, venue, symbol).frames(count))))
