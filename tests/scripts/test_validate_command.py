"""`twokey validate` and `monte-carlo`: the verdict first, and one-line errors for invalid input."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from skills_lib.settings import Settings
from tests.command import Command, make_command, report_of

SPAN = ("--source", "sample", "--since", "2023-01-01", "--until", "2023-09-01")
SPACE = ("--param", "fast=5,10,20", "--param", "slow=40,80", "--min-trades", "5")
ARGUMENTS = ("sma_crossover", "BTC", "1h", *SPAN)
VALIDATE = ("validate", *ARGUMENTS, *SPACE, "--symbols", "BTC,ETH", "--timeframes", "4h", "--seed", "7")
LABELS = ("PASS", "CAUTION", "FAIL")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace in which one validation is stored; requesting it again costs nothing."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("TWOKEY_HOME", str(home))
        patch.setenv("TWOKEY_LEDGER_DIR", str(home.with_name("ledger-of-validate")))
        patch.setenv("COLUMNS", "160")
        yield home


@pytest.fixture
def here(made: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command in that workspace."""
    return make_command(monkeypatch, capsys)


@pytest.fixture
def found(here: Command) -> dict[str, Any]:
    done = here(*VALIDATE, "--json")
    assert done.code == 0
    assert done.err == "" or done.err.startswith("Drawn in ")  # the first call draws
    return done.whole


def test_json_is_one_object_with_what_programs_need(found: dict[str, Any]) -> None:
    keys = {"verdict", "in_sample", "out_of_sample", "walk_forward", "timeframes", "assets", "monte_carlo"}
    assert found.keys() >= keys | {"overfitting", "costs", "regimes", "sealed", "artifacts", "seconds"}
    assert found["verdict"]["label"] in LABELS
    assert all(rule.keys() >= {"name", "threshold", "value", "passed"} for rule in found["verdict"]["rules"])
    assert found["overfitting"].keys() >= {"trials", "dsr", "psr", "pbo", "spa_p"}
    assert found["sealed"]["opened"] is False
    assert (found["seed"], found["synthetic"]) == (7, True)
    for name in ("report", "page", "picture", "result"):
        assert Path(found["artifacts"][name]).is_file()


def test_other_assets_and_timeframes_are_each_tried(found: dict[str, Any]) -> None:
    assert [(one["symbol"], one["timeframe"]) for one in found["timeframes"]] == [("BTCUSDT", "4h")]
    assert [(one["symbol"], one["timeframe"]) for one in found["assets"]] == [("ETHUSDT", "1h"), ("ETHUSDT", "4h")]
    assert found["missing"] == []


def test_the_screen_shows_the_verdict_first_and_fits_thirty_lines(here: Command, found: dict[str, Any]) -> None:
    screen = here(*VALIDATE).out
    lines = screen.rstrip().splitlines()
    assert len(lines) <= 30
    assert lines[0].startswith(found["verdict"]["label"])
    assert "SYNTHETIC" in screen
    rules = [next(i for i, line in enumerate(lines) if line.startswith(r["name"])) for r in found["verdict"]["rules"]]
    changes = [i for i, line in enumerate(lines) if line.startswith("→")]
    assert max(rules) < min(changes)
    assert str(report_of(screen)) == found["artifacts"]["page"]
    assert lines[-1].startswith("next: ")


def test_an_identical_request_returns_the_stored_result(here: Command, found: dict[str, Any]) -> None:
    assert here(*VALIDATE, "--json").whole == found


def test_stages_alone_give_figures_and_no_verdict(here: Command) -> None:
    done = here(
        "validate", *ARGUMENTS, "--param", "fast=10", "--param", "slow=50", "--only", "lookahead,in-sample", "--json"
    )
    answer = json.loads(done.out)
    assert (done.code, list(answer["stages"])) == (0, ["lookahead", "in_sample"])
    assert answer["stages"]["in_sample"]["parameters"] == {"fast": 10, "slow": 50}
    assert "verdict" not in answer
    screen = here("validate", *ARGUMENTS, "--param", "fast=10", "--param", "slow=50", "--only", "in-sample").out
    assert "no verdict" in screen
    assert "metrics: return_pct" in screen


def test_a_real_file_is_validated_with_its_neighbours_from_a_folder(twokey: Command, shared_data: Path) -> None:
    options = ("--param", "fast=10", "--param", "slow=50", "--only", "assets,timeframes", "--json")
    beside = ("--symbols", "ETH,SOL", "--timeframes", "4h,5m", "--data-dir", str(shared_data / "candles"))
    answer = json.loads(twokey("validate", "sma_crossover", "BTC", "4h", *beside, *options).out)
    assert [one["symbol"] for one in answer["stages"]["assets"] if one["timeframe"] == "4h"] == ["ETHUSDT", "SOLUSDT"]
    assert answer["synthetic"] is False
    assert all("later than the start of the sealed bars" in text for text in answer["warnings"])
    assert {text.split()[1] for text in answer["warnings"]} == {"5m:"}


def test_a_stored_run_is_resampled_with_the_limits_of_each_method(here: Command) -> None:
    run_id = json.loads(here("test-strategy", "BTC", "1h", "sma_crossover", *SPAN, "--json").out)["run_id"]
    answer = json.loads(here("monte-carlo", run_id, "--samples", "200", "--json").out)
    assert (answer["sample"], answer["samples"], answer["order"]["total_return_pct"]) == ("in-sample", 200, None)
    assert 0 < answer["random_entries"]["p"] <= 1
    screen = here("monte-carlo", run_id[:8], "--samples", "200").out
    for message in ("trade bootstrap", "block bootstrap", "order shuffle", "Random entries", "Shows only"):
        assert message in screen


def test_candles_that_are_not_those_of_the_run_are_refused(here: Command, tmp_path: Path) -> None:
    run_id = json.loads(here("test-strategy", "BTC", "1h", "sma_crossover", *SPAN, "--json").out)["run_id"]
    other = tmp_path / "other.csv"
    rows = [f"2023-01-{1 + hour // 24:02d} {hour % 24:02d}:00:00,1,2,1,2,3" for hour in range(72)]
    other.write_text("\n".join(["timestamp,open,high,low,close,volume", *rows]))
    done = here("monte-carlo", run_id, "--data", str(other))
    assert done.code == 2
    assert "are not those of run" in done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("sma_crosover", "BTC", "1h"), "Did you mean 'sma_crossover'?"),
        (("sma_crossover", "BTC", "7h"), "Unknown timeframe '7h'."),
        ((*ARGUMENTS, "--timeframes", "1h,7h"), "Unknown timeframe '7h'."),
        ((*ARGUMENTS, "--symbols", "BTC,?"), "'?' is not a symbol."),
        ((*ARGUMENTS, "--param", "fst=3"), "Unknown parameter 'fst'."),
        ((*ARGUMENTS, "--only", "cost"), "Did you mean 'costs'?"),
        ((*ARGUMENTS, "--open-sealed"), "--open-sealed needs --reason"),
        ((*ARGUMENTS, "--reason", "why not"), "add --open-sealed"),
        ((*ARGUMENTS, "--train", "100d"), "Give --train and --test together"),
        ((*ARGUMENTS, "--pick", "pek"), "Did you mean 'peak'?"),
        ((*ARGUMENTS, "--seed", "-1"), "seed=-1 is not allowed."),
        ((*ARGUMENTS, "--data-dir", "nowhere"), "No folder 'nowhere'."),
        (
            ("sma_crossover", "BTC", "1h", *SPAN[:2], "--since", "2023-01-01", "--until", "2023-01-08"),
            "a validation needs",
        ),
        ((*ARGUMENTS, "--train", "400d", "--test", "100d"), "One window needs 500 days"),
    ],
)
def test_bad_input_is_refused_in_one_line_with_exit_code_2(
    twokey: Command, workspace: Settings, arguments: tuple[str, ...], message: str
) -> None:
    done = twokey("validate", *arguments)
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert done.out == ""
    assert not list(workspace.home.glob("backtests/*/*/result.json"))


def test_an_unknown_run_or_too_few_samples_are_refused_in_one_line(twokey: Command) -> None:
    for arguments, message in (
        (("zzz",), "Unknown run 'zzz'."),
        (("zzz", "--samples", "3"), "samples=3 is not allowed."),
    ):
        done = twokey("monte-carlo", *arguments)
        assert (done.code, done.out) == (2, "")
        assert message in done.err
