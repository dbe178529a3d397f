"""Prints how market orders and stops fill on recordings under each fill model. Run by `make study-fills`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from live.simulator.core.fill_models import FillModel
from live.simulator.scaled_messages import scaled_tape
from live.simulator.tape_source import TapeSource
from skills_lib.market.depth.tape.lines import read_lines
from tests.live.fills.probes import Probe, Probing

ROOT = Path(__file__).resolve().parents[3]
NUMBERS = "n | better | mean | best | worst"
TABLES = {
    "Stops, over the price that fired them": NUMBERS,
    "Stops, over what the tape allowed": NUMBERS,
    "Market orders, over the last trade": NUMBERS,
    "Market orders, over the last ticker": NUMBERS,
    "Market orders, over what the tape allowed": NUMBERS,
    "Trades after which the book shows a price that they passed": "trades | matched against | displayed",
}


def fills(probes: Sequence[Probe], over: Sequence[int]) -> str:
    """How many fills are better than `over`, and the improvement over it in quote currency."""
    found = [probe.improvement(price) / 1e8 for probe, price in zip(probes, over, strict=True) if price]
    better, mean = sum(value > 0 for value in found), sum(found) / len(found)
    return f"{len(found)} | {better} | {mean:+.2f} | {max(found):+.2f} | {min(found):+.2f}"


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


def tabulate(paths: Sequence[Path]) -> str:
    """The tables of these recordings, in Markdown."""
    tables: dict[str, list[str]] = {title: [] for title in TABLES}
    for path in paths:
        symbol, name = path.name.split("_")[2], " ".join(path.name.split("_")[2:4]).split(".")[0]
        lines = list(scaled_tape(TapeSource().read(read_lines(path))))
        for model in FillModel:
            found = Probing(symbol, model, every=100).run(lines)
            for title, row in zip(tables, rows(found), strict=True):
                tables[title].append(f"| {name} | `{model}` | {row} |")
    return "\n\n".join(_table(title, body) for title, body in tables.items())


def _table(title: str, body: Sequence[str]) -> str:
    columns = TABLES[title]
    rule = "|---|---|" + "---:|" * len(columns.split("|"))
    return "\n".join([f"{title}:", "", f"| tape | model | {columns} |", rule, *body])


def main() -> None:
    """Tabulate the recordings given, or those beside the checkout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tapes", nargs="*", type=Path)
    folder = ROOT.parent / "shared" / "data" / "l2"
    tapes = parser.parse_args().tapes or sorted(folder.glob("binance_usdm_*USDT_*.ts_jsonl.gz"))
    if not tapes:
        sys.exit("No recordings beside this checkout: name tapes of USD-M futures as arguments.")
    sys.stdout.write(tabulate(tapes) + "\n")


if __name__ == "__main__":
    main()
