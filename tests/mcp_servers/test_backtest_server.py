"""The backtest server through a client, on the synthetic sample: no network, real runs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

import strategies
from mcp_servers.backtest.server import server
from mcp_servers.bounded_server import MAX_CHARACTERS
from skills_lib.backtest.figures import METRICS
from skills_lib.backtest.model import BacktestResult, BacktestSettings
from skills_lib.backtest.pipeline import run_backtest as run_in_library
from skills_lib.backtest.results import RunStore
from skills_lib.backtest.strategy import LoadedStrategy
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market import candles
from skills_lib.settings import Settings
from tests.counting import counter_beside
from tests.mcp_servers.mcp_client import ERAS, Report, answer, call, own_process, refusal, text

SPAN = {"since": "2023-01-01", "until": "2023-03-01"}
REQUEST = {"symbol": "BTC", "timeframe": "1h", "strategy": "sma_crossover", "source": "sample", **SPAN}
SECTIONS = ("summary", "metrics", "verdict", "quality", "report", "trades", "equity")

MINE = '''
from skills_lib.backtest.strategy import SignalStrategy
from skills_lib.domain.indicators import sma
from skills_lib.domain.signals import Signals, crosses_above, crosses_below, never


class Mine(SignalStrategy):
    """Long above its average."""

    period = {period}

    def signals(self, bars):
        level = sma(bars.close, self.period)
        none = never(len(bars))
        return Signals(crosses_above(bars.close, level), none, crosses_below(bars.close, level), none)
'''


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One workspace for the module, so that its runs are made once."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWOKEY_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def run(home: Path) -> dict[str, Any]:
    return answer(server, "backtest_run", **REQUEST)


@pytest.fixture(scope="module")
def other_run(home: Path) -> dict[str, Any]:
    return answer(server, "backtest_run", **REQUEST, costs="binance-spot", parameters={"fast": 20, "slow": 50})


@pytest.fixture(scope="module")
def store(home: Path) -> RunStore:
    return RunStore(home / "backtests" / "results")


@pytest.fixture(scope="module")
def library_run(home: Path, tmp_path_factory: pytest.TempPathFactory) -> BacktestResult:
    """The same request to the library, without the server."""
    since, until = candles.parse_utc(SPAN["since"]), candles.parse_utc(SPAN["until"])
    request = candles.CandleRequest(Instrument("BTC"), Timeframe.H1, since, until, candles.Source.SAMPLE)
    loaded = candles.load(request, Settings())
    subject = LoadedStrategy("sma_crossover", strategies.load("sma_crossover"), strategies.source_file("sma_crossover"))
    store = RunStore(tmp_path_factory.mktemp("library"))
    return run_in_library(subject, loaded, {}, BacktestSettings().for_symbol("BTC"), store, counter_beside(store.root))


def without_meter(run: dict[str, Any]) -> dict[str, Any]:
    """A run without its trial meter, which grows with every other run."""
    return {name: value for name, value in run.items() if name != "trial_meter"}


def test_a_run_says_how_often_its_candles_were_tried(run: dict[str, Any], other_run: dict[str, Any]) -> None:
    assert run["trial_meter"].startswith("Attempt ")
    assert "on BTCUSDT 1h (synthetic)" in other_run["trial_meter"]


def test_a_run_answers_what_the_library_answers(run: dict[str, Any], library_run: BacktestResult) -> None:
    plain = library_run.model_dump(mode="json")
    for name in (
        "run_id",
        "strategy",
        "symbol",
        "timeframe",
        "source",
        "bars",
        "start",
        "end",
        "parameters",
        "metrics",
    ):
        assert run[name] == plain[name], name
    assert (run["verdict"]["label"], run["verdict"]["reasons"]) == (
        library_run.verdict.label,
        library_run.verdict.reasons,
    )
    assert run["costs"]["commission_bps"] == library_run.costs.commission_bps


def test_a_run_says_that_it_is_synthetic_in_sample_and_what_to_do_next(run: dict[str, Any]) -> None:
    assert run["synthetic"] is True
    assert "sample" in run["source"]
    assert run["sample"] == "in-sample"
    assert run["run_id"] in run["next_step"]
    assert all(Path(path).is_file() for path in run["artifacts"].values())


def test_an_identical_request_returns_the_stored_run(run: dict[str, Any], store: RunStore) -> None:
    before = store.artifacts(run["run_id"]).result.stat().st_mtime_ns
    assert without_meter(answer(server, "backtest_run", **REQUEST)) == without_meter(run)
    assert store.artifacts(run["run_id"]).result.stat().st_mtime_ns == before


def test_costs_and_parameters_of_the_call_are_the_ones_used(run: dict[str, Any], other_run: dict[str, Any]) -> None:
    assert other_run["run_id"] != run["run_id"]
    assert other_run["parameters"] == {"fast": 20, "slow": 50}
    assert other_run["costs"]["commission_bps"] == 10
    dearer = answer(server, "backtest_run", **REQUEST, commission_bps=35, slippage_bps=3, cash=5_000)
    assert (dearer["costs"]["commission_bps"], dearer["costs"]["slippage_bps"]) == (35, 3)
    assert dearer["metrics"]["return_pct"] < run["metrics"]["return_pct"]


@pytest.mark.parametrize("mode", ERAS)
def test_a_separate_server_process_reports_progress_and_gives_the_same_result(
    mode: str, home: Path, tmp_path: Path, run: dict[str, Any]
) -> None:
    reports: list[Report] = []
    result = call(own_process("backtest", tmp_path), "backtest_run", REQUEST, mode, reports)
    assert not result.is_error, text(result)
    assert result.structured_content["metrics"] == run["metrics"]
    assert result.structured_content["run_id"] == run["run_id"]
    messages = [message for *_, message in reports]
    assert "Running sma_crossover" in messages
    assert messages[-1] == "Done"


@pytest.mark.parametrize("section", SECTIONS)
def test_each_section_can_be_read(section: str, run: dict[str, Any]) -> None:
    got = answer(server, "backtest_get_run", run_id=run["run_id"], section=section)
    assert (got["run_id"], got["section"], got["content"]["kind"]) == (run["run_id"], section, section)
    assert got["synthetic"] is True


def test_the_digits_a_run_id_begins_with_are_enough(run: dict[str, Any]) -> None:
    assert answer(server, "backtest_get_run", run_id=run["run_id"][:8])["content"] == without_meter(run)


def test_metrics_come_with_unit_and_definition(run: dict[str, Any]) -> None:
    lines = answer(server, "backtest_get_run", run_id=run["run_id"], section="metrics")["content"]["metrics"]
    assert {line["name"]: line["value"] for line in lines} == run["metrics"]
    assert all(line["definition"] == METRICS[line["name"]].definition for line in lines)


def test_the_report_is_the_stored_one(run: dict[str, Any], store: RunStore) -> None:
    content = answer(server, "backtest_get_run", run_id=run["run_id"], section="report")["content"]
    assert content["markdown"] == store.artifacts(run["run_id"]).report.read_text(encoding="utf-8")
    assert content["truncated"] is False


@pytest.mark.parametrize(("section", "limit"), [("trades", 1), ("trades", 7), ("trades", 100), ("equity", 97)])
def test_pages_hold_every_row_exactly_once(section: str, limit: int, run: dict[str, Any], store: RunStore) -> None:
    rows = list(_walk(run["run_id"], section, limit))
    frame = getattr(store, section)(run["run_id"])
    assert len(rows) == len(frame) > 30
    for name in frame.columns.intersection(["pnl", "entry_price", "equity", "drawdown_pct"]):
        assert [row[name] for row in rows] == frame[name].tolist()
    first = "entry_time" if section == "trades" else "open_time"
    assert [row[first] for row in rows] == [moment.isoformat(timespec="seconds") for moment in frame[first]]


def _walk(run_id: str, section: str, limit: int) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        page = {"cursor": cursor} if cursor else {}
        got = answer(server, "backtest_get_run", run_id=run_id, section=section, limit=limit, **page)["content"]
        assert len(got["rows"]) <= limit
        yield from got["rows"]
        cursor = got["next_cursor"]
        if cursor is None:
            return


@pytest.mark.parametrize("section", ["trades", "equity"])
def test_the_longest_page_is_far_from_being_cut(section: str, run: dict[str, Any]) -> None:
    page = call(server, "backtest_get_run", {"run_id": run["run_id"], "section": section, "limit": 100})
    assert len(text(page)) < MAX_CHARACTERS * 0.75


def test_a_cursor_of_another_section_is_refused(run: dict[str, Any]) -> None:
    page = answer(server, "backtest_get_run", run_id=run["run_id"], section="trades", limit=5)
    line = refusal(
        server, "backtest_get_run", run_id=run["run_id"], section="equity", cursor=page["content"]["next_cursor"]
    )
    assert "another request" in line


def test_a_comparison_lines_up_the_figures_and_warns(run: dict[str, Any], other_run: dict[str, Any]) -> None:
    got = answer(server, "backtest_compare_runs", run_ids=[run["run_id"], other_run["run_id"]])
    values = {row["name"]: row["values"] for row in got["metrics"]}
    assert values["sharpe"] == [run["metrics"]["sharpe"], other_run["metrics"]["sharpe"]]
    assert [line["verdict"] for line in got["runs"]] == [run["verdict"]["label"], other_run["verdict"]["label"]]
    assert any("different costs" in warning for warning in got["warnings"])


def test_a_run_compared_with_itself_is_refused(run: dict[str, Any]) -> None:
    assert "two different runs" in refusal(server, "backtest_compare_runs", run_ids=[run["run_id"]] * 2)


def test_an_unknown_run_is_refused_with_the_newest_known_ones(run: dict[str, Any]) -> None:
    line = refusal(server, "backtest_get_run", run_id="0000000000000000")
    assert "Unknown run" in line
    assert "sma_crossover BTCUSDT 1h" in line
    assert "backtest_list_runs lists the" in line


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"strategy": "sma_crosover"}, "Did you mean 'sma_crossover'?"),
        ({"strategy": "sma"}, "Did you mean 'sma_crossover'?"),
        ({"timeframe": "7h"}, "30m, 1h, 2h"),
        ({"symbol": "BTC;rm"}, "symbol"),
        ({"parameters": {"fats": 10}}, "Did you mean 'fast'?"),
        ({"parameters": {"fast": 1}}, "a whole number from 2 to 200"),
        ({"parameters": {"fast": 60, "slow": 20}}, "fast < slow"),
        ({"costs": "binance"}, "Did you mean 'binance-spot'?"),
        ({"source": "exchnage"}, "'exchange'"),
        ({"since": "2023-02-30"}, "2023-02-30"),
        ({"since": "2023-03-01", "until": "2023-01-01"}, "2023-03-01"),
        ({"since": "2023-01-01", "until": "2023-01-02"}, "bars"),
        ({"cash": -1}, "cash: found -1. Give more than 0."),
        ({"fast": 10}, "has no argument 'fast'"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_an_invalid_request_is_rejected_with_the_allowed_values(
    home: Path, changed: dict[str, Any], message: str
) -> None:
    assert message in refusal(server, "backtest_run", **(REQUEST | changed))


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("backtest_get_run", {"run_id": "0123", "limit": 101}),
        ("backtest_get_run", {"run_id": "../../etc/passwd"}),
        ("backtest_get_run", {"run_id": "0123", "cursor": "x" * 201}),
        ("backtest_compare_runs", {"run_ids": ["0123"] * 11}),
        ("backtest_run", REQUEST | {"parameters": {f"p{i}": i for i in range(33)}}),
        ("backtest_describe_strategy", {"strategy": "x" * 65}),
    ],
)
def test_an_oversized_or_hostile_request_is_rejected_before_any_work(
    home: Path, tool: str, arguments: dict[str, Any]
) -> None:
    assert f"Correct it and call {tool} again." in refusal(server, tool, **arguments)


def test_strategies_are_listed_and_described_as_the_library_describes_them(home: Path) -> None:
    listed = answer(server, "backtest_list_strategies")
    assert [line["name"] for line in listed["strategies"]] == strategies.available()
    assert listed["truncated"] is False
    details = answer(server, "backtest_describe_strategy", strategy="sma_crossover")
    assert details["constraints"] == ["fast < slow"]
    assert {p["name"]: p["default"] for p in details["parameters"]} == {"fast": 10, "slow": 30}


def test_only_the_strategy_with_a_syntax_error_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "strategies"
    folder.mkdir()
    (folder / "broken.py").write_text("class Broken(:\n", encoding="utf-8")
    (folder / "mine.py").write_text(MINE.format(period=20), encoding="utf-8")
    process = own_process("backtest", tmp_path)
    listed = {line["name"]: line for line in answer(process, "backtest_list_strategies")["strategies"]}
    assert "line 1" in listed["broken"]["problem"]
    assert [name for name, line in listed.items() if line["problem"]] == ["broken"]
    assert "broken.py cannot be imported" in refusal(process, "backtest_run", **(REQUEST | {"strategy": "broken"}))
    assert answer(process, "backtest_run", **(REQUEST | {"strategy": "mine"}))["strategy"] == "mine"


def test_an_edited_strategy_is_reloaded_without_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "strategies" / "mine.py"
    file.parent.mkdir()

    async def talk() -> list[dict[str, Any]]:
        answers = []
        async with Client(own_process("backtest", tmp_path)) as client:
            for period in (20, 60, 20):
                file.write_text(MINE.format(period=period), encoding="utf-8")
                result = await client.call_tool("backtest_run", REQUEST | {"strategy": "mine"})
                answers.append(result.structured_content)
        return answers

    first, edited, back = anyio.run(talk)
    assert [run["parameters"]["period"] for run in (first, edited)] == [20, 60]
    assert edited["metrics"]["trades"] < first["metrics"]["trades"]
    assert without_meter(back) == without_meter(first)


def test_two_concurrent_requests_are_both_answered(home: Path) -> None:
    async def talk() -> list[int]:
        found: list[int] = []
        async with Client(server) as client, anyio.create_task_group() as group:

            async def ask(slow: int) -> None:
                result = await client.call_tool("backtest_run", REQUEST | {"parameters": {"slow": slow}})
                found.append(result.structured_content["parameters"]["slow"])

            for slow in (35, 40):
                group.start_soon(ask, slow)
        return found

    assert sorted(anyio.run(talk)) == [35, 40]


def test_a_run_without_trades_is_still_json(home: Path) -> None:
    flat = answer(server, "backtest_run", **(REQUEST | {"until": "2023-01-19"}), parameters={"fast": 200, "slow": 400})
    assert flat["metrics"]["trades"] == 0
    assert flat["metrics"]["profit_factor"] is None
    page = answer(server, "backtest_get_run", run_id=flat["run_id"], section="trades")["content"]
    assert (page["rows"], page["total"], page["next_cursor"]) == ([], 0, None)


@pytest.mark.parametrize("stray", ["http", "json", "typing_extensions"])
def test_a_stray_file_in_the_working_folder_shadows_nothing(stray: str, tmp_path: Path) -> None:
    (tmp_path / f"{stray}.py").write_text("raise SystemExit('shadowed')\n", encoding="utf-8")
    process = own_process("backtest", tmp_path, cwd=tmp_path)
    assert answer(process, "backtest_describe_strategy", strategy="sma_crossover")["name"] == "sma_crossover"
