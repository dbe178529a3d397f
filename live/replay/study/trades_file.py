"""The trades of a replay as a file: written beside the report, read for its charts."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from live.money import plain
from live.replay.round_trips import RoundTrip
from live.replay.study.runs import TapeRun
from skills_lib.domain.bars import FloatArray
from skills_lib.domain.time import utc

TRADES = "trades.csv"
_HEAD = (
    *("tape", "symbol", "side", "quantity", "entry_ns", "exit_ns", "entry_time", "exit_time"),
    *("entry_value", "exit_value", "gross", "fees", "funding", "net", "reason", "gross_bps", "net_bps"),
)


def write_trades(folder: Path, tapes: Sequence[str], runs: Sequence[TapeRun]) -> None:
    """One row a trade, in order of tape and entry; money as exact decimals in the margin asset.

    Raises:
        OSError: the file cannot be written.
    """
    with (folder / TRADES).open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(_HEAD)
        for tape, run in zip(tapes, runs, strict=True):
            rows.writerows(_row(tape, trip) for trip in sorted(run.trades.round_trips, key=lambda one: one.entry_ns))


def read_means(file: Path) -> tuple[FloatArray, FloatArray]:
    """Gross and net bps by trade, each float64[trades], in the order of the file."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [(float(row["gross_bps"]), float(row["net_bps"])) for row in csv.DictReader(lines)]
    found = np.array(rows, dtype=np.float64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _row(tape: str, trip: RoundTrip) -> tuple[object, ...]:
    times = (trip.entry_ns, trip.exit_ns, utc(trip.entry_ns), utc(trip.exit_ns))
    money = (trip.entry_value, trip.exit_value, trip.gross, trip.fees, trip.funding, trip.net)
    bps = (f"{10_000 * value / trip.entry_value:.4f}" for value in (trip.gross, trip.net))
    return (
        *(tape, trip.symbol, trip.side.value, plain(trip.quantity), *times),
        *(plain(amount) for amount in money),
        *(trip.reason.value, *bps),
    )
