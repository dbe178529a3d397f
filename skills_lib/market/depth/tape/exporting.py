"""Exports tapes to Parquet and to hftbacktest events."""

from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from skills_lib.domain.errors import InputError
from skills_lib.market.depth.tape.receive_clock import ReceiveClock
from skills_lib.market.depth.tape.rows import Row, rows_of

_CHUNK = 200_000

# hftbacktest 2: https://hftbacktest.readthedocs.io/en/latest/data.html
DEPTH_EVENT, TRADE_EVENT, DEPTH_CLEAR_EVENT, DEPTH_SNAPSHOT_EVENT = 1, 2, 3, 4
EXCH_EVENT, LOCAL_EVENT, BUY_EVENT, SELL_EVENT = 1 << 31, 1 << 30, 1 << 29, 1 << 28
EVENT_DTYPE = np.dtype(
    [
        ("ev", "<u8"),
        ("exch_ts", "<i8"),
        ("local_ts", "<i8"),
        ("px", "<f8"),
        ("qty", "<f8"),
        ("order_id", "<u8"),
        ("ival", "<i8"),
        ("fval", "<f8"),
    ],
    align=True,
)
_HFT_KINDS = {
    "depth": DEPTH_EVENT,
    "trade": TRADE_EVENT,
    "clear": DEPTH_CLEAR_EVENT,
    "snapshot": DEPTH_SNAPSHOT_EVENT,
}

Events = npt.NDArray[Any]


class Exported(NamedTuple):
    """Rows written, and the shift added to receive times so that none precedes the exchange time.

    clock_steps: how often the recorder's clock was set back, and receive times were corrected for it.
    """

    rows: int
    shifted_ns: int
    clock_steps: int


def export_parquet(path: Path, out: Path, symbol: str | None = None, snapshots: Path | None = None) -> Exported:
    """Write the rows of a tape to a Parquet file, atomically and in constant memory.

    Raises:
        InputError: no such tape or symbol.
    """
    import duckdb
    import pandas as pd

    clock = ReceiveClock()
    rows, count, temporary = rows_of(path, symbol, snapshots, clock), 0, out.with_name(f".{out.name}.tmp")
    spool = out.with_name(f".{out.name}.spool")
    try:
        with duckdb.connect(str(spool)) as database:
            database.execute(
                "CREATE TABLE tape (local_ts_ns BIGINT, exch_ts_ns BIGINT, kind VARCHAR, update_id BIGINT, "
                "side VARCHAR, price DOUBLE, quantity DOUBLE)"
            )
            while chunk := list(islice(rows, _CHUNK)):
                frame = pd.DataFrame(chunk, columns=list(Row._fields))
                frame = frame.astype({"local_ts_ns": "Int64", "exch_ts_ns": "Int64"})
                database.register("chunk", frame)
                database.execute("INSERT INTO tape SELECT * FROM chunk")
                count += len(chunk)
            database.execute("COPY tape TO ? (FORMAT parquet, COMPRESSION zstd)", [str(temporary)])
        temporary.replace(out)
    finally:
        for leftover in (spool, temporary, spool.with_name(f"{spool.name}.wal")):
            leftover.unlink(missing_ok=True)
    return Exported(count, 0, len(clock.corrections))


def export_hftbacktest(path: Path, out: Path, symbol: str | None = None, snapshots: Path | None = None) -> Exported:
    """Write hftbacktest events to an .npz file; uses 64 bytes of memory per row.

    hftbacktest rejects receive times before exchange times: if the recorder's clock was behind, all receive times are
    shifted by the largest difference, which is returned as `shifted_ns`.

    Raises:
        InputError: no such tape or symbol, or no receive times.
    """
    clock = ReceiveClock()
    rows = (row for row in rows_of(path, symbol, snapshots, clock) if row.kind in _HFT_KINDS)
    parts = []
    while chunk := list(islice(rows, _CHUNK)):
        parts.append(_events(chunk, path))
    events = np.concatenate(parts) if parts else np.zeros(0, EVENT_DTYPE)
    shifted = max(0, -int((events["local_ts"] - events["exch_ts"]).min())) if len(events) else 0
    events["local_ts"] += shifted
    temporary = out.with_name(f".{out.name}.tmp.npz")
    np.savez_compressed(temporary, data=ordered(events))
    temporary.replace(out)
    return Exported(len(events), shifted, len(clock.corrections))


def ordered(events: Events) -> Events:
    """Events ordered by both exchange and receive time.

    A row out of exchange order is split, as hftbacktest's `correct_event_order` does: a local event stays in place
    and an exchange event is inserted earlier.
    """
    exch, latest = events["exch_ts"], np.maximum.accumulate(events["exch_ts"])
    late = exch < latest
    in_place = events.copy()
    in_place["ev"] |= np.where(late, LOCAL_EVENT, EXCH_EVENT | LOCAL_EVENT).astype(np.uint64)
    moved = events[late][np.argsort(exch[late], kind="stable")]
    moved["ev"] |= np.uint64(EXCH_EVENT)
    return np.insert(in_place, np.searchsorted(latest, moved["exch_ts"], side="right"), moved)


def _events(rows: list[Row], path: Path) -> Events:
    if any(row.local_ts_ns is None for row in rows):
        raise InputError(f"{path.name} has no receive times, which hftbacktest needs. Export to Parquet instead.")
    events = np.zeros(len(rows), EVENT_DTYPE)
    events["ev"] = [_HFT_KINDS[row.kind] | (BUY_EVENT if row.side in ("bid", "buy") else SELL_EVENT) for row in rows]
    events["local_ts"] = [row.local_ts_ns for row in rows]
    events["exch_ts"] = [row.local_ts_ns if row.exch_ts_ns is None else row.exch_ts_ns for row in rows]
    events["px"] = [row.price for row in rows]
    events["qty"] = [row.quantity for row in rows]
    return events
