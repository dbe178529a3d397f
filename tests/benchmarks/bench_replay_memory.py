"""How much memory a replay of ten million events needs. Run by `make bench`.

A recording, or else the embedded tape, is played again and again as one tape, each time with later times; it is decoded
while it plays, as every long tape is. Printed: the peak of this process's memory after the first tenth and at the end.
"""

import argparse
import os
import re
import resource
import time
from collections.abc import Iterator
from pathlib import Path

from live.engine.limits import Executor, effective
from live.engine.settings import ImbalanceSettings
from live.money import SCALE
from live.replay.conditions import Conditions
from live.replay.study.variants import Variant
from live.replay.tape_run import EngineRun
from live.replay.tapes import ReplayTape
from live.simulator.core.fill_models import FillModel
from live.simulator.latency import ASSUMED
from skills_lib.market.depth.tape.lines import TapeDamage, read_blocks
from skills_lib.market.depth.tape.sample import SAMPLE_TAPE

ROOT = Path(__file__).resolve().parents[2]
RECORDED = ROOT.parent / "shared" / "data" / "l2" / "binance_usdm_BTCUSDT_20240808T2354.ts_jsonl.gz"
EVENTS, CAPITAL, SYMBOL = 10_000_000, 40_000 * SCALE, "BTCUSDT"
MS, BREAK_MS = 1_000_000, 1_000
_TIMES = re.compile(rb'"([ET])":([0-9]{13})')


class RepeatedTape(ReplayTape):
    """A tape of `events` lines, made of a shorter one; it is never kept in memory."""

    def __init__(self, path: Path, events: int) -> None:
        self._events, self._lines, self._length_ms = events, 0, 0
        super().__init__(path, kept_lines=0)
        self._lines = sum(block.count(b"\n") for block in self.blocks() if isinstance(block, bytes))
        self._length_ms = (self.span[1] - self.span[0]) // MS + BREAK_MS
        repeats = -(-events // self._lines)
        self.span = self.span[0], self.span[1] + (repeats - 1) * self._length_ms * MS

    def blocks(self) -> Iterator[bytes | TapeDamage]:
        """Its bytes, and the memory that they need."""
        if not self._length_ms:
            yield from read_blocks(self.path)
            return
        blocks, played, later_ms = [one for one in read_blocks(self.path) if isinstance(one, bytes)], 0, 0
        while played < self._events:
            for block in blocks:
                left = self._events - played
                text = b"".join(_later(block, later_ms).splitlines(keepends=True)[:left])
                before, played = played, played + text.count(b"\n")
                yield text
                self._say(before, played)
            later_ms += self._length_ms

    def _say(self, before: int, played: int) -> None:
        for mark in (self._events // 10, 3 * self._events // 10, self._events // 2, self._events):
            if before < mark <= played:
                print(f"  after {mark:>11,} events: peak {peak_mib():,.0f} MiB", flush=True)


def _later(text: bytes, later_ms: int) -> bytes:
    return _TIMES.sub(lambda found: b'"%b":%d' % (found[1], int(found[2]) + later_ms), text) if later_ms else text


def peak_mib() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def main() -> None:
    """Play the tape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    events = parser.parse_args().events
    path = RECORDED if RECORDED.exists() else SAMPLE_TAPE
    tape = RepeatedTape(path, events)
    print(f"{path.name}, {events:,} events; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    limits = effective(Executor.SCALP, CAPITAL, {})
    conditions = Conditions(symbol=SYMBOL, capital=CAPITAL, limits=limits, seed=7)
    variant = Variant(settings=ImbalanceSettings(), fills=FillModel.PESSIMISTIC, latency=ASSUMED)
    began = time.process_time()
    found = EngineRun(tape, conditions, variant, None).play()
    taken = time.process_time() - began
    print(
        f"  {taken:.0f} s of one processor, {taken / events * 1e6:.1f} us an event; {found.updates:,} books, ", end=""
    )
    print(f"{len(found.trades.round_trips)} round trips; peak {peak_mib():,.0f} MiB (target: as after the first tenth)")


if __name__ == "__main__":
    main()
