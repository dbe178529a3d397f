"""Writes the embedded tape: `python -m tests.market.depth.sample_tape`. A test compares it with the file."""

import gzip

from skills_lib.market.depth.tape.drawing.parameters import fitted
from skills_lib.market.depth.tape.drawing.wire import SyntheticLines
from skills_lib.market.depth.tape.sample import SAMPLE_TAPE

SYMBOL, SEED, SECONDS = "BTCUSDT", 1, 200
"""Long enough for the typical move of a minute that `twokey scan` computes."""


def lines() -> bytes:
    """The tape's text."""
    return b"".join(b"%d %s\n" % line for line in SyntheticLines(fitted(SYMBOL), SEED).lines(SECONDS))


if __name__ == "__main__":
    SAMPLE_TAPE.write_bytes(gzip.compress(lines(), compresslevel=9, mtime=0))
