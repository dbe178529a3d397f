"""What `twokey replay` prints of a stored report, as JSON and as text."""

import json
from pathlib import Path

import pytest

from live.replay.report.method import METHOD_LIMITS
from live.replay.study.model import ReplayReport
from scripts.replay.answer import answer_of
from scripts.tables.replay import print_replay
from skills_lib.answers.bounds import MAX_BYTES
from tests.live.replay.test_study import EDGE, studied

OF_THE_ISSUE = {
    "decisions_sha256", "journal", "updates", "signals", "trades", "gross_bps", "net_bps", "break_even_cost_bps",
    "win_rate", "break_even_win_rate", "profit_factor", "exits", "controls", "fills", "verdict", "seconds",
}  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ReplayReport:
    return studied(tmp_path_factory.mktemp("report"), [EDGE, (0.5, 30, 2)], ["2", "3", "4"])


def test_the_answer_has_every_key_and_fits(report: ReplayReport) -> None:
    text = answer_of(report, Path("/somewhere/replays/x")).text()
    answer = json.loads(text)
    assert len(text.encode()) <= MAX_BYTES
    assert set(answer) >= OF_THE_ISSUE
    assert next(iter(answer)) == "verdict"
    assert set(answer["gross_bps"]) == {"mean", "ci95"}
    assert set(answer["exits"]) == {"target", "stop", "time", "kill"}
    assert set(answer["controls"]) == {"random", "inverted", "delayed"}
    assert set(answer["fills"]) == {"pessimistic", "base", "optimistic"}
    assert set(answer["journal"]) == {"file", "head"}
    assert answer["chosen"]["buy_ratio"] in ("2", "3", "4")


def test_the_figures_of_the_answer_are_those_of_the_report(report: ReplayReport) -> None:
    answer = answer_of(report, Path("/somewhere/replays/x"))
    assert answer.trades == report.figures.trades
    assert answer.net_bps.ci95 == report.figures.net_bps.ci95
    assert answer.controls.random.runs == 19
    assert answer.controls.inverted.net_bps.mean == report.controls.lines["inverted"]["pessimistic"].net_bps.mean
    assert answer.limits == list(METHOD_LIMITS)


@pytest.mark.parametrize("width", [40, 120])
def test_the_verdict_is_printed_first_and_the_limits_with_it(
    report: ReplayReport, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    print_replay(report, Path("folder"))
    out = capsys.readouterr().out
    flat = " ".join(out.split())
    assert flat.startswith(report.verdict.sentence)
    assert METHOD_LIMITS[0] in flat
    for text in ("random, pessimistic", "strategy, optimistic", "wins that break even", "tape 1"):
        assert text in flat
    lines = [line for line in out.splitlines() if not line.startswith(("Page ", "Journal "))]
    assert max(len(line) for line in lines) <= width


def test_a_report_without_a_trade_is_printed_and_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = studied(tmp_path, [(1.0, 0, 1)])
    print_replay(nothing, tmp_path)
    assert capsys.readouterr().out.startswith("No trades: no conclusion.")
    assert json.loads(answer_of(nothing, tmp_path).text())["verdict"] == "too_few_trades"


def test_what_stayed_open_at_the_end_is_said(report: ReplayReport, capsys: pytest.CaptureFixture[str]) -> None:
    first, *others = report.tapes
    changed = report.model_copy(update={"tapes": (first.model_copy(update={"open_at_end": True}), *others)})
    for found in (report, changed):
        print_replay(found, Path("folder"))
        said = f"still open at the end of {first.tape};" in " ".join(capsys.readouterr().out.split())
        assert said is (found is changed)
        assert bool(found.left_open) is said
