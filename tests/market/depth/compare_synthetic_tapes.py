"""Compares drawn tapes with real ones: `python -m tests.market.depth.compare_synthetic_tapes [FOLDER]`.

Measures the recordings in FOLDER (`../shared/data/l2`) and ten minutes drawn of each symbol, writes the table into
`docs/synthetic-tapes.md`, and the picture beside it with Debian's chromium.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from skills_lib.market.depth.tape.drawing.job import DrawRequest, draw_tape
from skills_lib.report.charts import Axis, Chart
from skills_lib.report.layers import Polyline, Style
from skills_lib.report.page import Page, Section, render
from tests.market.depth.tape_statistics import DEPTHS_BPS, TapeStatistics, read_statistics

ROOT = Path(__file__).parents[3]
PAGE, PICTURE = ROOT / "docs" / "synthetic-tapes.md", ROOT / "docs" / "pictures" / "synthetic-tapes.png"
START, END = "<!-- table -->\n", "<!-- end of table -->\n"
RECORDINGS = {
    "BTC July": ("BTCUSDT", "binance_usdm_BTCUSDT_20240718T2357_20240719T0005.ts_jsonl.gz"),
    "BTC August": ("BTCUSDT", "binance_usdm_BTCUSDT_20240808T2354.ts_jsonl.gz"),
    "ETH August": ("ETHUSDT", "binance_usdm_ETHUSDT_20240808T2354.ts_jsonl.gz"),
}
SYNTHETIC = {"BTC synthetic": "BTCUSDT", "ETH synthetic": "ETHUSDT"}
MINUTES = 10


def main(folder: Path) -> None:
    """Measure, and write the table and the picture."""
    found = {name: read_statistics(folder / file, symbol) for name, (symbol, file) in RECORDINGS.items()}
    with tempfile.TemporaryDirectory() as made:
        for name, symbol in SYNTHETIC.items():
            tape = draw_tape(DrawRequest(symbol, MINUTES / 60, 1), Path(made)).folder
            found[name] = read_statistics(tape, symbol)
    write_table({name: one.figures() for name, one in found.items()})
    draw_picture(found)


def write_table(figures: dict[str, dict[str, float]]) -> None:
    """Replace the table of the page."""
    text = PAGE.read_text(encoding="utf-8")
    head, tail = text[: text.index(START) + len(START)], text[text.index(END) :]
    lines = ["| | " + " | ".join(figures) + " |", "|---|" + "---:|" * len(figures)]
    lines += [
        f"| {name} | " + " | ".join(_shown(column[name]) for column in figures.values()) + " |"
        for name in next(iter(figures.values()))
    ]
    PAGE.write_text(head + "\n" + "\n".join(lines) + "\n\n" + tail, encoding="utf-8")


def _shown(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def draw_picture(found: dict[str, TapeStatistics]) -> None:
    """Paths of the price, and the depth by distance, real beside drawn."""
    shown = {name: one for name, one in found.items() if name in _STYLES}
    paths = [Polyline(*map(np.array, one.path_bps()), name, _STYLES[name]) for name, one in shown.items()]
    near = np.array(DEPTHS_BPS, float)
    depths = [
        Polyline(near, np.array([np.mean(one.depths[bps]) for bps in DEPTHS_BPS]), name, _STYLES[name], dots=True)
        for name, one in shown.items()
    ]
    charts = (
        Chart("Mid price of BTCUSDT from its start", "One line a tape.", paths, Axis(unit="seconds"), Axis(unit="bps")),
        Chart("Depth of BTCUSDT, both sides", "By distance.", depths, Axis(unit="bps from mid"), Axis(unit="M USDT")),
    )
    page = Page(
        "Drawn tapes beside real ones",
        "",
        "",
        sections=[Section("BTCUSDT: two recordings, and a drawn tape", charts=charts)],
    )
    with tempfile.TemporaryDirectory() as folder:
        (html := Path(folder) / "page.html").write_text(render(page), encoding="utf-8")
        size = "--window-size=900,870"
        options = ("--headless", "--no-sandbox", "--hide-scrollbars", size, f"--screenshot={PICTURE}")
        subprocess.run(("chromium", *options, html.as_uri()), check=True, capture_output=True)


_STYLES: dict[str, Style] = {"BTC July": "market", "BTC August": "inside", "BTC synthetic": "strategy"}

if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data" / "l2")
