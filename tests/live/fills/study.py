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
HEAD = "| tape | model | orders | n | better | mean | best | worst |\n|---|---|---|---:|---:|---:|---:|---:|"


def row(name: str, model: FillModel, kind: str, probes: Sequence[Probe], over: Sequence[int]) -> str:
    """One row: how many fills are better than `over`, and the improvement over it in quote currency."""
    found = [probe.improvement(price) / 1e8 for probe, price in zip(probes, over, strict=True) if price]
    better = sum(value > 0 for value in found)
    mean = sum(found) / len(found)
    return (
        f"| {name} | `{model}` | {kind} | {len(found)} | {better} "
        f"| {mean:+.2f} | {max(found):+.2f} | {min(found):+.2f} |"
    )


def tabulate(path: Path) -> None:
    """Print the rows of one recording."""
    symbol, name = path.name.split("_")[2], " ".join(path.name.split("_")[2:4]).split(".")[0]
    lines = list(scaled_tape(TapeSource().read(read_lines(path))))
    for model in FillModel:
        found = Probing(symbol, model, every=100).run(lines)
        stops, market = found.stops, found.market
        rows = {
            "stop, over the price that fired it": (stops, [probe.fired for probe in stops]),
            "stop, over what the tape allowed": (stops, [probe.allowed for probe in stops]),
            "market, over the last trade": (market, [probe.trade for probe in market]),
            "market, over the last ticker": (market, [probe.quote for probe in market]),
            "market, over what the tape allowed": (market, [probe.allowed for probe in market]),
        }
        for kind, (probes, over) in rows.items():
            sys.stdout.write(row(name, model, kind, probes, over) + "\n")
        share = found.shown_passed / found.trades
        kind = "trades after which a passed price is shown"
        sys.stdout.write(f"| {name} | `{model}` | {kind} | {found.trades} | {share:.1%} | | | |\n")


def main() -> None:
    """Tabulate the recordings given, or those beside the checkout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tapes", nargs="*", type=Path)
    folder = ROOT.parent / "shared" / "data" / "l2"
    tapes = parser.parse_args().tapes or sorted(folder.glob("binance_usdm_*USDT_*.ts_jsonl.gz"))
    if not tapes:
        sys.exit("No recordings beside this checkout: name tapes of USD-M futures as arguments.")
    sys.stdout.write(HEAD + "\n")
    for path in tapes:
        tabulate(path)


if __name__ == "__main__":
    main()
