"""Finds where the clock of a tape's recorder was set, and corrects receive times so that they never decrease.

Real time never goes back, so a receive time before the last one proves that the clock was set. Whether it was right
before or after, the venue's times tell: if the latency had leapt up by as much some lines earlier, the clock was set
forward there and back here, and the lines between are corrected; otherwise it was fast from the beginning. A leap of
latency alone proves nothing, since events may really be late, and is left as it is.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

_NS_PER_S = 1_000_000_000
_MIN_STEP_NS = _NS_PER_S
_TOLERANCE = 0.1
_MAX_LEAPS = 10_000


class Correction(NamedTuple):
    """The receive times of lines `begin` to `end` (exclusive, from 0) are moved by `shift_ns`."""

    begin: int
    end: int
    shift_ns: int


@dataclass(slots=True)
class ReceiveClock:
    """Takes the lines' times in order. `disordered`: times less than a second before the last one."""

    lines: int = 0
    disordered: int = 0
    corrections: list[Correction] = field(default_factory=list)
    _last_ns: int | None = None
    _latency_ns: int | None = None
    _leaps: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=_MAX_LEAPS))

    def add(self, local_ts_ns: int | None, exch_ts_ns: int | None) -> None:
        """Note one line: when it was received, and the venue's time if it has one."""
        if local_ts_ns is not None:
            latency_ns = None if exch_ts_ns is None else local_ts_ns - exch_ts_ns
            leap_ns = 0 if latency_ns is None or self._latency_ns is None else latency_ns - self._latency_ns
            if self._last_ns is not None and local_ts_ns < self._last_ns:
                self._note_step_back(self._last_ns - local_ts_ns, latency_ns)
            elif leap_ns >= _MIN_STEP_NS:
                self._leaps.append((self.lines, leap_ns))
            self._last_ns = local_ts_ns
            self._latency_ns = self._latency_ns if latency_ns is None else latency_ns
        self.lines += 1

    def _note_step_back(self, step_ns: int, latency_ns: int | None) -> None:
        if step_ns < _MIN_STEP_NS:
            self.disordered += 1
            return
        if latency_ns is not None and self._latency_ns is not None:
            step_ns = max(step_ns, self._latency_ns - latency_ns)
        for n, (line, leap_ns) in reversed(list(enumerate(self._leaps))):
            if abs(leap_ns - step_ns) <= _TOLERANCE * step_ns:
                del self._leaps[n]
                self.corrections.append(Correction(line, self.lines, -leap_ns))
                return
        self.corrections.append(Correction(0, self.lines, -step_ns))

    def corrected(self) -> "CorrectedTimes":
        """Receive times corrected by what was found, to be asked for in the same order."""
        return CorrectedTimes(tuple(self.corrections))

    def problem(self) -> str:
        """One sentence about receive times out of order; "" if there are none."""
        if self.corrections:
            worst_s = max(-found.shift_ns for found in self.corrections) / _NS_PER_S
            count, first = len(self.corrections), self.corrections[0].end + 1
            return (
                f"Receive times are out of order: the recorder's clock was set back {count:,} times, by up to "
                f"{worst_s:,.1f} s, first at line {first:,}."
            )
        return f"Receive times are out of order in {self.disordered:,} lines." if self.disordered else ""


@dataclass(slots=True)
class CorrectedTimes:
    """Receive times with corrections; never decreasing."""

    corrections: tuple[Correction, ...]
    line: int = 0
    _latest_ns: int | None = None

    def next(self, local_ts_ns: int | None) -> int | None:
        """The corrected time of the next line."""
        number, self.line = self.line, self.line + 1
        if local_ts_ns is None:
            return None
        local_ts_ns += sum(found.shift_ns for found in self.corrections if found.begin <= number < found.end)
        if self._latest_ns is not None:
            local_ts_ns = max(local_ts_ns, self._latest_ns)
        self._latest_ns = local_ts_ns
        return local_ts_ns
