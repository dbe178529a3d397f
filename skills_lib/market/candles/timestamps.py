"""Parses open times: epoch numbers in s, ms, µs or ns, and ISO dates."""

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from skills_lib.domain.bars import IntArray

if TYPE_CHECKING:
    import pandas as pd

_ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d|UTC)?$")
_UTC = {"Z", "+00:00", "+0000", "-00:00", "UTC"}
_AM_PM = "%Y-%m-%d %I-%p"  # cryptodatadownload's older files: 2020-01-31 01-PM
_UNITS_NS = ((1e11, 1_000_000_000), (1e14, 1_000_000), (1e17, 1_000), (np.inf, 1))


class UnreadableTimeError(ValueError):
    """An unreadable time. `row` counts from 0; None if the error is not in a single row."""

    def __init__(self, row: int | None, found: str) -> None:
        super().__init__(found)
        self.row = row
        self.found = found


def times_to_ns(column: "pd.Series[Any]") -> IntArray:
    """UTC nanoseconds of epoch numbers (s, ms, µs or ns, detected by magnitude) or ISO texts (default zone UTC).

    Raises:
        UnreadableTimeError: a missing or unreadable time, or more than one time zone.
    """
    import pandas as pd

    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        return _datetimes(column)
    if column.dtype.kind in "iuf":
        return epochs_to_ns(column.to_numpy())
    return _texts(column)


def _datetimes(column: "pd.Series[Any]") -> IntArray:
    import pandas as pd

    if column.isna().any():
        raise UnreadableTimeError(int(column.isna().argmax()), "nothing")
    return pd.DatetimeIndex(pd.to_datetime(column, utc=True)).as_unit("ns").asi8


def epochs_to_ns(numbers: npt.NDArray[Any]) -> IntArray:
    """UTC nanoseconds of epoch numbers in s, ms, µs or ns, detected by magnitude.

    Raises:
        UnreadableTimeError: a number that is missing, not above 0, or too large.
    """
    bad = ~np.isfinite(numbers) | (numbers <= 0) | (numbers >= 2**63)
    if bad.any():
        row = int(bad.argmax())
        raise UnreadableTimeError(row, "nothing" if np.isnan(numbers[row]) else str(numbers[row]))
    scale = np.select([numbers < bound for bound, _ in _UNITS_NS], [unit for _, unit in _UNITS_NS])
    whole = numbers.astype(np.int64)
    times: IntArray = whole * scale + np.rint((numbers - whole) * scale).astype(np.int64)
    return times


def _texts(column: "pd.Series[Any]") -> IntArray:
    import pandas as pd

    if column.isna().any():
        raise UnreadableTimeError(int(column.isna().argmax()), "nothing")
    texts = column.astype(str).str.strip()
    zones = {_zone(tail) for tail in texts.str[10:].unique()}
    if len(zones) > 1:
        shown = ", ".join(sorted(zone or "none" for zone in zones))
        raise UnreadableTimeError(_first_zone_change(texts), f"more than one time zone ({shown})")
    iso = pd.to_datetime(texts.str.removesuffix(" UTC"), format="ISO8601", utc=True, errors="coerce")
    parsed = pd.to_datetime(texts, format=_AM_PM, utc=True, errors="coerce") if iso.isna().all() else iso
    if parsed.isna().any():
        row = int(parsed.isna().argmax())
        raise UnreadableTimeError(row, f"'{texts.iloc[row][:40]}'")
    return pd.DatetimeIndex(parsed).as_unit("ns").asi8


def _zone(tail: str) -> str:
    found = _ZONE.search(tail.upper())
    zone = found.group(0) if found else ""
    return "UTC" if zone in _UTC else zone


def _first_zone_change(texts: "pd.Series[str]") -> int:
    zones = texts.str[10:].map(_zone)
    return int((zones != zones.iloc[0]).argmax())
