"""Writes the embedded tape: `python -m tests.market.depth.sample_tape`. A test compares it with the file."""

import gzip
import json
import random
from collections.abc import Iterator

from skills_lib.market.depth.model import Venue
from skills_lib.market.depth.tape.sample import SAMPLE_TAPE
from tests.market.depth.generated_stream import GeneratedMarket

SEED, UPDATES = 1, 1_200
"""1,200 updates, one each 100 ms: two minutes."""
_TRADES_PER_UPDATE = 0.4
_DELAY_MS = 200


def frames() -> Iterator[tuple[int, bytes]]:
    """Receive times in ns and messages: updates, best prices, one snapshot, and trades at the best prices."""
    market, draw, traded = GeneratedMarket(SEED, Venue.USDM), random.Random(SEED), 0
    for raw in market.frames(UPDATES):
        received_ns = (market.time_ms + _DELAY_MS) * 1_000_000
        yield received_ns, raw
        if b"bookTicker" in raw and draw.random() < _TRADES_PER_UPDATE:
            traded += 1
            yield received_ns + 1_000_000, _trade(json.loads(raw)["data"], traded, draw)


def _trade(best: dict[str, str | int], number: int, draw: random.Random) -> bytes:
    is_sale = draw.random() < 0.5
    price, size = (best["b"], best["B"]) if is_sale else (best["a"], best["A"])
    quantity = f"{max(float(size) * draw.random() * 0.1, 0.001):.3f}"
    data = {"e": "trade", "E": best["E"], "T": best["T"], "s": best["s"], "t": number}
    data |= {"p": price, "q": quantity, "X": "MARKET", "m": is_sale}
    return json.dumps({"stream": "btcusdt@trade", "data": data}, separators=(",", ":")).encode()


def lines() -> bytes:
    """The tape's text."""
    return b"".join(b"%d %s\n" % frame for frame in frames())


if __name__ == "__main__":
    SAMPLE_TAPE.write_bytes(gzip.compress(lines(), mtime=0))
