"""Reads plain CSV tables into arrays without pandas, which takes longer to import than most files to read.

Plain is a table without quotes whose needed cells are all decimals, and whose times are epoch numbers or ISO dates of
one form in UTC. Of any other table `None` is returned; pandas reads it, or says what is wrong with it. The values are
the same, to the bit.
"""

import io
import re
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from skills_lib.domain.bars import FloatArray, IntArray
from skills_lib.domain.time import SECOND_NS
from skills_lib.market.candles.files import CsvText
from skills_lib.market.candles.timestamps import epochs_to_ns

_LONGEST_TIME = 26  # one more than the longest form with its zone
_CENTURIES = ("19", "20", "21")  # 64 bits hold the nanoseconds of 1678 to 2261
_UTC_SUFFIX = re.compile(rb"(Z|[+-]00:?00| UTC)$")
_FORMS = {10: "dddd-dd-dd", 16: "dddd-dd-dd dd:dd", 19: "dddd-dd-dd dd:dd:dd"}
Texts = npt.NDArray[np.bytes_]
Letters = npt.NDArray[np.uint8]
"""uint8[rows, characters]."""


def read_plain(text: CsvText, position: Mapping[str, int]) -> tuple[IntArray, dict[str, FloatArray]] | None:
    """Times in UTC nanoseconds and the other columns of `position`, by name; None if the table is not plain.

    Raises:
        UnreadableTimeError: an epoch number that cannot be a time.
    """
    if b'"' in text.content:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that there are no rows
            rows = _load(text, position)
    except ValueError:  # a cell that is empty or no number, or a row that is too short
        return None
    columns = {name: np.ascontiguousarray(rows[name]) for name in position}
    times = columns.pop("open_time")
    if not len(times) or (times_ns := _times(times)) is None:
        return None
    return times_ns, columns


def _load(text: CsvText, position: Mapping[str, int]) -> npt.NDArray[Any]:
    """Rows of the columns of `position`: the open time as text, the others as floats."""
    kinds = {name: np.dtype(np.float64) for name in position} | {"open_time": np.dtype(f"S{_LONGEST_TIME}")}
    loaded: npt.NDArray[Any] = np.loadtxt(
        io.BytesIO(text.content),
        dtype=list(kinds.items()),
        comments=None,
        delimiter=text.separator,
        skiprows=text.skip,
        usecols=list(position.values()),
        ndmin=1,
        encoding="latin1",
    )
    return loaded


def _times(cells: Texts) -> IntArray | None:
    letters = cells.view(np.uint8).reshape(len(cells), _LONGEST_TIME)
    if letters[:, -1].any():  # longer than was kept
        return None
    try:
        return epochs_to_ns(cells.astype(np.int64))
    except (ValueError, OverflowError):
        pass
    try:
        return epochs_to_ns(cells.astype(np.float64))
    except ValueError:
        return _iso_times(cells, letters)


def _iso_times(cells: Texts, letters: Letters) -> IntArray | None:
    suffix = _UTC_SUFFIX.search(cells[0])
    tail = suffix.group() if suffix else b""
    length = len(cells[0]) - len(tail)
    if length not in _FORMS:
        return None
    ending = np.frombuffer(tail.ljust(_LONGEST_TIME - length, b"\0"), np.uint8)
    if not (letters[:, length:] == ending).all() or not _has_form(letters, _FORMS[length]):
        return None
    days, seconds = _days(letters[:, :10]), _seconds_of_day(letters[:, 11:length])
    return None if days is None or seconds is None else (days * 86_400 + seconds) * SECOND_NS


def _days(letters: Letters) -> IntArray | None:
    """Days since 1970 of `yyyy-mm-dd`, each converted once where rows follow each other; None for no such day."""
    first = np.append(True, (letters[1:] != letters[:-1]).any(axis=1))
    texts = np.ascontiguousarray(letters[first]).view("S10").ravel().astype("U10")
    if not np.isin(texts.astype("U2"), _CENTURIES).all():
        return None
    try:
        days = texts.astype("datetime64[D]").astype(np.int64)
    except ValueError:
        return None
    every: IntArray = days[np.cumsum(first) - 1]
    return every


def _seconds_of_day(letters: Letters) -> IntArray | None:
    """Seconds of `hh:mm:ss`, of which seconds or all may be missing; None for no such time."""
    seconds = np.zeros(len(letters), dtype=np.int64)
    for i, (unit, limit) in enumerate(((3_600, 24), (60, 60), (1, 60))):
        if 3 * i + 1 < letters.shape[1]:
            tens, ones = letters[:, 3 * i], letters[:, 3 * i + 1]
            number = (tens - ord("0")) * np.uint8(10) + (ones - ord("0"))
            if (number >= limit).any():
                return None
            seconds += number.astype(np.int64) * unit
    return seconds


def _has_form(letters: Letters, form: str) -> bool:
    """Whether every row has digits where `form` has d, and else its letter; T stands for a space too."""
    for i, wanted in enumerate(form):
        column = letters[:, i]
        if wanted == "d":
            fits = (column >= ord("0")) & (column <= ord("9"))
        elif wanted == " ":
            fits = (column == column[0]) & (column[0] in b" T")
        else:
            fits = column == ord(wanted)
        if not fits.all():
            return False
    return True
