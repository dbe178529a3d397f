"""Kline streams: every kline is followed until its closed frame, which is the kline that REST gives."""

from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from tests.live.simulator.tapes import TapeWriter
from tests.live.simulator.venue_client import S, open_client

MINUTES = 5


def framed(tmp_path: Path, interval: str = "1m") -> tuple[list[dict[str, Any]], list[list[Any]]]:
    """The klines of all frames of a stream that was open from the start, and those of REST at the end."""
    tape = tmp_path / "btcusdt.ts_jsonl"
    tape.write_text("\n".join(TapeWriter(step_ms=200).lines(MINUTES * 300)) + "\n", encoding="utf-8")
    client = open_client(tape)
    socket = client.venue.connect(f"/market/ws/btcusdt@kline_{interval}")
    client.run(MINUTES * 60 * S)
    rows = client.body(client.get(f"/fapi/v1/klines?symbol=BTCUSDT&interval={interval}"))
    return [msgspec.json.decode(frame)["k"] for frame in client.frames(socket)], rows


def test_each_kline_ends_with_one_closed_frame_before_the_next_begins(tmp_path: Path) -> None:
    frames, _ = framed(tmp_path)
    by_kline = [[frame["x"] for frame in group] for _, group in groupby(frames, lambda frame: frame["t"])]
    assert len(by_kline) == MINUTES + 1
    for closed in by_kline[:-1]:
        assert closed[-1]
        assert closed.count(True) == 1
        assert len(closed) > 10
    assert not any(by_kline[-1])


def test_a_closed_frame_is_the_kline_of_rest(tmp_path: Path) -> None:
    frames, rows = framed(tmp_path, "3m")
    closed = [[frame[name] for name in "tohlcvT"] for frame in frames if frame["x"]]
    assert closed
    assert closed == [row[:7] for row in rows[: len(closed)]]
