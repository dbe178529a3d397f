"""`twokey replay`: its answer, its stored report, a sweep that is counted, and input that is refused in one line."""

import json
from pathlib import Path

import pytest

from skills_lib.ledger.ledger import Ledger
from skills_lib.settings import Settings
from tests.command import Command
from tests.live.replay.planted_tape import planted_tape


@pytest.fixture(scope="module")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted_tape(tmp_path_factory.mktemp("tape") / "edge.ts_jsonl", reliability=0.97, episodes=8)


def test_the_answer_is_stored_and_repeated(twokey: Command, workspace: Settings, tape: Path) -> None:
    first = twokey("replay", str(tape), "--json")
    again = twokey("replay", str(tape), "--json")
    assert first.code == again.code == 0
    assert json.loads(first.out) == json.loads(again.out)
    assert "Adds 1 new trial to the trial ledger" in first.err
    assert "Adds" not in again.err
    answer = first.answer
    assert answer["verdict"] == "too_few_trades"
    assert Path(answer["path"]).parent.parent == workspace.replays_dir
    assert (Path(answer["path"]).parent / "report.html").is_file()
    verified = twokey("journal", "verify", answer["journal"]["file"], "--head", answer["journal"]["head"])
    assert verified.code == 0


def test_a_sweep_counts_every_combination_and_judges_one(twokey: Command, workspace: Settings, tape: Path) -> None:
    done = twokey("replay", str(tape), "--sweep", "buy_ratio=2:4:1", "--json")
    assert "Adds 3 new trials to the trial ledger, of 3 to choose from" in done.err
    assert done.answer["trials"] == 3
    assert done.answer["chosen"]["buy_ratio"] in ("2", "3", "4")
    assert done.answer["trial_meter"]["attempts"] >= 3
    (_, context, keys), *_ = Ledger.of(workspace).read().reserved
    assert (context.strategy, context.data.symbol, len(keys)) == ("imbalance", "BTCUSDT", 3)


def test_the_file_of_another_name_is_the_same_request(twokey: Command, tape: Path, tmp_path: Path) -> None:
    copied = tmp_path / "another name.ts_jsonl"
    copied.write_bytes(tape.read_bytes())
    assert twokey("replay", str(tape), "--json").answer["id"] == twokey("replay", str(copied), "--json").answer["id"]


BAD = {
    "no such tape": (("nothing.jsonl",), "There is no tape nothing.jsonl."),
    "the same tape twice": (("TAPE", "TAPE"), "is given twice"),
    "an unknown parameter": (("TAPE", "--param", "dpth=5"), "Did you mean 'depth'?"),
    "a value out of range": (("TAPE", "--param", "depth=0"), "depth=0 is not allowed."),
    "ratios that overlap": (("TAPE", "--param", "sell_ratio=4"), "Give a lower sell_ratio."),
    "an unknown limit": (("TAPE", "--limit", "daily_los=200"), "Did you mean 'daily_loss'?"),
    "a looser limit": (("TAPE", "--limit", "daily_loss=900"), "never loosened"),
    "a limit given twice": (
        ("TAPE", "--limit", "position=5", "--limit", "position=4"),
        "--limit position is given twice",
    ),
    "a limit without a value": (("TAPE", "--limit", "position"), "Write, for example, --limit daily_loss=200."),
    "a file of limits that is none": (("TAPE", "--limits-file", "no.toml"), "no.toml is no file of at most"),
    "a capital below the smallest order": (("TAPE", "--capital", "100"), "Give at least "),
    "a limit below the smallest order": (
        ("TAPE", "--limit", "instrument=5"),
        "of instrument, which is tightened to 5 USD.",
    ),
    "no capital": (("TAPE", "--capital", "much"), "capital=much is not an amount."),
    "a sweep that is none": (("TAPE", "--sweep", "depth"), "is not NAME=RANGE."),
    "a parameter given and swept": (("TAPE", "--param", "depth=5", "--sweep", "depth=3,5"), "Give it once."),
    "another symbol": (("TAPE", "--symbol", "ETHUSDT"), "holds no usable book of ETHUSDT."),
    "too few random runs": (("TAPE", "--random-runs", "5"), "--random-runs=5 is not allowed."),
    "no delays": (("TAPE", "--latency", "slow"), "is not a list of delays"),
}


def test_limits_of_a_file_are_printed_and_answered_and_make_another_request(
    twokey: Command, tape: Path, tmp_path: Path
) -> None:
    file = tmp_path / "limits.toml"
    file.write_text("[limits]\ndaily_loss = 200\n")
    plain, tightened = twokey("replay", str(tape), "--json"), ("replay", str(tape), "--limits-file", str(file))
    answer = twokey(*tightened, "--json").answer
    assert plain.answer["effective_limits"]["daily_loss"] == "500 USD"
    assert answer["effective_limits"]["daily_loss"] == "200 USD"
    assert answer["id"] != plain.answer["id"]
    assert twokey("replay", str(tape), "--limit", "daily_loss=200", "--json").answer["id"] == answer["id"]
    assert "daily_loss 200 USD" in " ".join(twokey(*tightened).out.split())
    looser = twokey(*tightened, "--limit", "daily_loss=300")
    assert looser.code == 2
    assert "never loosened" in looser.err


@pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line_and_counts_nothing(
    twokey: Command, workspace: Settings, tape: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = twokey("replay", *(str(tape) if word == "TAPE" else word for word in arguments))
    assert done.code == 2
    assert message in done.err
    assert done.err.count("\n") == 1
    assert Ledger.of(workspace).read().reserved == []
