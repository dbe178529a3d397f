"""quantstats' tear sheet of a stored run: what it says first, that it agrees or says why not, and fetches nothing."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skills_lib.backtest.report.tear_sheet import write_tear_sheet
from skills_lib.backtest.results import RunStore
from skills_lib.domain.errors import InputError
from skills_lib.settings import Settings
from tests.command import Command
from tests.html import fetched

pytest.importorskip("quantstats", reason="the extra `reports` is not installed")
RUN = ("test-strategy", "BTC", "4h", "--source", "sample", "--json")
ROW = re.compile(r"<tr><td>([^<]+)</td><td>([^<]+)</td><td>([^<]+)</td><td>([^<]*)</td></tr>")


def stored(twokey: Command, *arguments: str) -> dict[str, object]:
    """A run on the sample."""
    return dict(json.loads(twokey(*RUN, *arguments).out))


def number(text: str) -> float:
    """A figure without its unit; nan for n/a."""
    return float(text.replace(",", "").split()[0].replace("n/a", "nan"))


def test_a_tear_sheet_stands_alone_and_says_what_must_be_read_first(twokey: Command, workspace: Settings) -> None:
    run = stored(twokey, "macd_trend", "--since", "2023-01-01")
    done = twokey("tear-sheet", str(run["run_id"])[:8])
    assert done.code == 0, done.err
    path = workspace.results_dir / str(run["run_id"]) / "tear-sheet.html"
    assert str(path) in "".join(done.out.split())
    assert sorted(file.suffix for file in path.parent.iterdir() if "tear" in file.name) == [".html"]
    page = path.read_text(encoding="utf-8")
    assert fetched(page) == []
    assert "<script" not in page
    assert not re.search(r"https?://(?!www\.w3\.org/)", page)
    beginning = page[: page.index("Figures of the past span")]
    verdict = dict(run["verdict"])["label"]  # type: ignore[call-overload]
    for text in (
        "in-sample",
        "SYNTHETIC DATA",
        f"<b>{verdict}</b>",
        "20 bps commission per side",
        "Buy and hold has no costs",
    ):
        assert text in beginning
    assert not re.search(r"Performance Metrics|>Expected (Daily|Monthly|Yearly)", page)
    assert "Buy and hold" in page[page.index("Figures of the past span") :]
    rows = {name: (ours, theirs, why) for name, ours, theirs, why in ROW.findall(beginning)}
    assert len(rows) == 10
    for name, (ours, theirs, why) in rows.items():
        assert why or number(ours) == pytest.approx(number(theirs), abs=0.011), name
    assert number(rows["Sharpe"][1]) == pytest.approx(dict(run["metrics"])["sharpe"], abs=0.006)  # type: ignore[call-overload]


def test_a_run_without_a_trade_is_refused(twokey: Command) -> None:
    span = ("--since", "2024-01-01", "--until", "2024-03-01")
    run = stored(twokey, "rsi_reversion", *span, "--param", "oversold=5", "--param", "overbought=95")
    done = twokey("tear-sheet", str(run["run_id"]))
    assert (done.code, done.err) == (
        2,
        "The run's equity never changes, so there is nothing to draw. Test another run.\n",
    )


def test_a_short_run_other_candles_and_an_unknown_run_are_refused(twokey: Command, tmp_path: Path) -> None:
    short = str(stored(twokey, "sma_crossover", "--since", "2024-01-01", "--until", "2024-01-20")["run_id"])
    done = twokey("tear-sheet", short)
    assert (done.code, done.err) == (2, "The run has 19 days; a tear sheet needs 30. Test a longer span.\n")
    times = pd.date_range("2024-01-01", periods=114, freq="4h")
    prices = {name: np.linspace(100, 200, 114) for name in ("open", "high", "low", "close", "volume")}
    other = tmp_path / "BTCUSDT_4h.csv"
    pd.DataFrame({"open_time": times, **prices}).to_csv(other, index=False)
    done = twokey("tear-sheet", short, "--data", str(other))
    assert done.code == 2
    assert "are not those of run" in done.err
    assert twokey("tear-sheet", "zzz").code == 2


def test_a_missing_extra_is_one_line(
    twokey: Command, workspace: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run = stored(twokey, "sma_crossover", "--since", "2024-01-01", "--until", "2024-01-20")
    monkeypatch.setitem(sys.modules, "quantstats", None)
    with pytest.raises(InputError, match=r"needs an extra\. Run: pip install 'twokey\[reports\]'"):
        write_tear_sheet(RunStore(workspace.results_dir), str(run["run_id"]), None, workspace)
