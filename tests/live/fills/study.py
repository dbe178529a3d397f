"""Prints how market orders and stops fill on recordings under each fill model. Run by `make study-fills`."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from live.simulator.core.fill_models import FillModel
from live.simulator.scaled_messages import scaled_tape
from live.simulator.tape_source import Played, TapeSource
from skills_lib.market.depth.model import DepthUpdate
from skills_lib.market.depth.tape.check import lines_of
from tests.live.fills.probes import STRICT, Probe, Probing

ROOT = Path(__file__).resolve().parents[3]
PATTERNS = ("binance_usdm_*.ts_jsonl.gz", "cryptofeed_binance_usdm_*.ws.gz")
EVERY, EVERY_OF_SHORT, SHORT = 100, 5, 10_000
NUMBERS = "n | better | mean | best | worst"
TABLES = {
    "Stops, over the price that fired them": NUMBERS,
    "Stops, over what the tape allowed": NUMBERS,
    "Market orders, over the last trade": NUMBERS,
    "Market orders, over the last ticker": NUMBERS,
    "Market orders, over what the tape allowed": NUMBERS,
    "Trades after which the book shows a price that they passed": "trades | matched against | displayed",
}


class Recording(NamedTuple):
    """One symbol of a tape: its messages, and the minute of the first."""

    symbol: str
    lines: list[Played]

    @property
    def name(self) -> str:
        """BTCUSDT 20240808T2354."""
        return f"{self.symbol} {datetime.fromtimestamp(self.lines[0].time_ns / 1e9, UTC):%Y%m%dT%H%M}"

    @property
    def every(self) -> int:
        """Lines between orders."""
        return EVERY_OF_SHORT if len(self.lines) < SHORT else EVERY


def recordings(path: Path, count: int | None = None) -> Iterator[Recording]:
    """Each symbol of a tape, or of its first `count` lines; the snapshots of a capture are in the file beside it."""
    lines = list(scaled_tape(TapeSource().read(islice(lines_of(path, "", None), count))))
    for symbol in sorted({line.symbol for line in lines if isinstance(line.message, DepthUpdate)}):
        yield Recording(symbol, [line for line in lines if line.symbol == symbol])


def fills(probes: Sequence[Probe], over: Sequence[int]) -> str:
    """How many fills are better than `over`, and the improvement over it in basis points of it."""
    pairs = ((probe, price) for probe, price in zip(probes, over, strict=True) if price)
    found = [probe.improvement(price) / price * 1e4 for probe, price in pairs]
    if not found:
        return "0 | 0 | | | "
    figures = (round(value, 2) + 0.0 for value in (sum(found) / len(found), max(found), min(found)))  # no -0.00
    return " | ".join([f"{len(found)} | {sum(value > 0 for value in found)}", *(f"{value:+.2f}" for value in figures)])


def rows(found: Probing) -> list[str]:
    """One row for each of TABLES."""
    stops, market = found.stops, found.market
    return [
        fills(stops, [probe.fired for probe in stops]),
        fills(stops, [probe.allowed for probe in stops]),
        fills(market, [probe.trade for probe in market]),
        fills(market, [probe.quote for probe in market]),
        fills(market, [probe.allowed for probe in market]),
        f"{found.trades} | {found.shown_passed / found.trades:.1%} | {found.displayed_passed / found.trades:.1%}",
    ]


class Study:
    """Tables of tapes in Markdown, and the fills that neither the book nor a newer message allowed."""

    def __init__(self) -> None:
        self.tables: dict[str, list[str]] = {title: [] for title in TABLES}
        self.flattering: list[str] = []

    def add(self, recording: Recording) -> None:
        """Play a recording under each model; models whose rows are the same share one."""
        found = {
            model: Probing(recording.symbol, model, every=recording.every).run(recording.lines) for model in FillModel
        }
        for model in STRICT:
            self.flattering += [f"{recording.name} {model}: {probe}" for probe in found[model].flattering()]
        all_rows = {model: rows(probing) for model, probing in found.items()}
        for number, body in enumerate(self.tables.values()):
            models: dict[str, list[str]] = {}
            for model, texts in all_rows.items():
                models.setdefault(texts[number], []).append(f"`{model}`")
            body += [f"| {recording.name} | {', '.join(names)} | {row} |" for row, names in models.items()]

    def __str__(self) -> str:
        return "\n\n".join(_table(title, body) for title, body in self.tables.items())


def _table(title: str, body: Sequence[str]) -> str:
    columns = TABLES[title]
    rule = "|---|---|" + "---:|" * len(columns.split("|"))
    return "\n".join([f"{title}:", "", f"| tape | model | {columns} |", rule, *body])


def main() -> int:
    """Tabulate the tapes given, or the recordings beside the checkout; 1 if a strict model's fill is flattering."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tapes", nargs="*", type=Path)
    folder = ROOT.parent / "shared" / "data" / "l2"
    tapes = parser.parse_args().tapes or sorted(path for pattern in PATTERNS for path in folder.glob(pattern))
    if not tapes:
        sys.exit("No recordings beside this checkout: name tapes of USD-M futures as arguments.")
    study = Study()
    for tape in tapes:
        for recording in recordings(tape):
            study.add(recording)
    sys.stdout.write(f"{study}\n")
    sys.stderr.write("".join(f"Better than the tape allowed: {fill}\n" for fill in study.flattering))
    return int(bool(study.flattering))


if __name__ == "__main__":
    raise SystemExit(main())
