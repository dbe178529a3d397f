"""Every verb at 60, 80 and 120 columns, and its short answer: nothing is lost, nothing is cut."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.tables.demo import print_demo
from scripts.tables.layout import width_of
from scripts.tables.screen import Screen
from scripts.tables.tape import print_tapes
from skills_lib.answers.bounds import MAX_BYTES
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market.candles.sample import sample_bars
from skills_lib.market.depth.tape.record import Recorded
from skills_lib.validate.model import ValidationResult
from tests.command import Command, Done, make_command, options_of
from tests.market.candles.local_venue import LocalVenue, serve, span
from tests.scripts.verbs import APART, ARGUMENTS, NOT_STORED, ONCE, SPAN, VERBS, Inputs, Verb, make_inputs

WIDTHS = (60, 80, 120)
WIDE = 200
MANY = re.compile(r"\w+[}\]]?\.\.\.(?= |\n)|\[ARGS\]\.\.\.")
"""How the help writes an argument that may be given several times."""
AGO = re.compile(r"\d+\s+\w+\s+ago")
HYPHEN_AT_THE_END = re.compile(r"-\n\s*")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inputs]:
    """A workspace with two runs, a file, a tape and a local venue; results are computed once and then stored."""
    folder = tmp_path_factory.mktemp("work")
    venue = serve(local := LocalVenue(sample_bars("BTCUSDT", Timeframe.H1, span("2024-01-01", "2024-06-01"))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TWOKEY_HOME", str(folder / "home"))
        patch.setenv("TWOKEY_LEDGER_DIR", str(folder / "ledger"))
        patch.setenv("LOKY_MAX_CPU_COUNT", "1")
        for name in ("EXCHANGE_URL", "ARCHIVE_URL"):
            patch.setenv(f"TWOKEY_{name}", local.url)
        (folder / "home").mkdir()
        make_inputs(folder)
        yield Inputs(folder, [])
    local.released.set()
    venue.shutdown()
    venue.server_close()


@pytest.fixture
def call(inputs: Inputs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """The command in that workspace, in which two runs are stored."""
    run = make_command(monkeypatch, capsys)
    if not inputs.runs:
        for name in ("sma_crossover", "donchian_breakout"):
            inputs.runs.append(run("test-strategy", "BTC", "1h", name, *SPAN, "--json").answer["run_id"])
    return run


def answer(call: Command, inputs: Inputs, verb: Verb, *options: str) -> Done:
    """What a verb answers; what it made before is removed first, where it refuses to do the same twice."""
    if verb in ONCE:
        for made in ("strategies", "tests", "docs", "data/tapes", "data/synthetic-tapes"):
            shutil.rmtree(inputs.folder / "home" / made, ignore_errors=True)
    done = call(*verb, *ARGUMENTS[verb](inputs), *options)
    assert done.code in (0, 1 if verb == ("doctor",) else 0), done.err
    return done


def words(text: str) -> Counter[str]:
    """The words of a screen, without how long ago something was."""
    return Counter(AGO.sub("ago", text).split())


def too_wide(line: str, width: int) -> bool:
    """Whether a line could have been broken: what stands before a path, and each word, must fit.

    The command to run next is not broken, so that it can be copied.
    """
    if line.startswith("next: "):
        return False
    before, slash, _ = line.partition("/")
    longest = max(map(width_of, line.split()), default=0)
    return width_of(line) > width and (not slash or width_of(before) > width) and longest <= width


def test_every_verb_has_arguments_to_be_tested_with() -> None:
    assert set(ARGUMENTS) | APART == set(VERBS), "tests/scripts/verbs.py gives each verb arguments"


@pytest.mark.parametrize("verb", ARGUMENTS, ids=" ".join)
def test_a_verb_answers_in_short_json_and_shows_the_same_words_at_every_width(
    verb: Verb, call: Command, inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "--json" in options_of(verb):
        require_short(answer(call, inputs, verb, "--json"), is_stored=verb not in NOT_STORED)
    monkeypatch.setenv("COLUMNS", str(WIDE))
    wide = answer(call, inputs, verb).out
    assert wide
    for width in WIDTHS:
        monkeypatch.setenv("COLUMNS", str(width))
        screen = answer(call, inputs, verb).out
        assert [line for line in screen.splitlines() if too_wide(line, width)] == []
        assert "…" not in screen
        assert "..." not in screen
        missing, extra = words(wide) - words(screen), set(words(screen)) - set(words(wide))
        assert not missing, f"lost at {width} columns"
        assert not extra, f"broken words at {width} columns"


def require_short(done: Done, is_stored: bool = True) -> None:
    """Check that `--json` printed one short object, which names the file with the whole where there is one."""
    assert len(done.out.encode()) <= MAX_BYTES
    assert done.out.count("\n") == 1
    found = json.loads(done.out, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert list(found)[-2:] == ["path", "next"]
    if is_stored:
        assert len(json.loads(Path(found["path"]).read_text(encoding="utf-8"))) > 1
    else:
        assert found["path"] is None


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_the_help_of_a_verb_fits_and_is_whole(
    verb: Verb, call: Command, inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    wide = call(*verb, "--help").out
    monkeypatch.setenv("COLUMNS", "60")
    narrow = call(*verb, "--help").out
    assert [line for line in narrow.splitlines() if too_wide(line, 60)] == []
    assert "..." not in MANY.sub("", narrow)
    whole = (HYPHEN_AT_THE_END.sub("-", text) for text in (narrow, wide))
    assert words(next(whole)) == words(next(whole))


def test_recorded_tapes_and_fill_models_fit_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {}
    line = "pessimistic       0 fills (0 maker)  turnover 1,234,567.00  fees 0.00  realized 0.00  equity 10,000.00 USDT"
    for width in (WIDE, *WIDTHS):
        monkeypatch.setenv("COLUMNS", str(width))
        Screen().flow(part for part in line.split("  ") if part)
        print_tapes([Recorded("BTCUSDT", Path("/data") / ("x" * 90), 1_234, 5)])
        found[width] = capsys.readouterr().out
        assert [text for text in found[width].splitlines() if too_wide(text, width)] == []
    assert len({tuple(sorted(words(text).items())) for text in found.values()}) == 1


def test_the_demonstration_fits_too(
    call: Command, inputs: Inputs, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    verb = ("validate",)
    stored = Path(call(*verb, *ARGUMENTS[verb](inputs), "--json").answer["path"])
    result, found = ValidationResult.model_validate_json(stored.read_bytes()), {}
    for width in (WIDE, *WIDTHS):
        monkeypatch.setenv("COLUMNS", str(width))
        print_demo(result, "twokey validate sma_crossover BTC 1h --source sample")
        found[width] = capsys.readouterr().out
        assert [line for line in found[width].splitlines() if too_wide(line, width)] == []
    assert len({tuple(sorted(words(text).items())) for text in found.values()}) == 1


def test_figures_stand_beside_their_names_when_rows_are_stacked(
    call: Command, inputs: Inputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    screen = " ".join(call("runs").out.split())
    run = call("runs", "--json").answer["runs"][0]
    assert f"return {run['return_pct']:,.2f} %" in screen
    assert f"sharpe {run['sharpe']:,.2f}" in screen
    assert f"trades {run['trades']}" in screen


def test_fifty_runs_with_long_foreign_names_are_listed_below_8_kb(call: Command, inputs: Inputs) -> None:
    folder = inputs.folder / "home" / "backtests" / "results"
    stored = json.loads((folder / inputs.runs[0] / "result.json").read_text(encoding="utf-8"))
    added = [folder / f"{number:016x}" for number in range(50)]
    try:
        for made in added:
            shutil.copytree(folder / inputs.runs[0], made)
            changed = stored | {
                "run_id": made.name,
                "strategy": "évasion_" + "戦略" * 20,
                "warnings": ["lange Warnung "] * 40,
            }
            (made / "result.json").write_text(json.dumps(changed), encoding="utf-8")
        done = call("runs", "--limit", "50", "--json")
        assert len(done.out.encode()) <= MAX_BYTES
        assert (done.answer["stored"], done.answer["runs_total"]) == (52, 50)
        assert len(done.whole["runs"]) == 50
        assert len(call("compare", *(made.name for made in added), "--json").out.encode()) <= MAX_BYTES
    finally:
        for made in added:
            shutil.rmtree(made, ignore_errors=True)


def test_a_hundred_strategies_are_listed_below_8_kb(call: Command, inputs: Inputs) -> None:
    folder = inputs.folder / "home" / "strategies"
    folder.mkdir(exist_ok=True)
    try:
        for number in range(100):
            (folder / f"s{number}_{'x' * 60}.py").write_text(
                f'"""{"Überlegung " * 50}"""\nraise OSError("{"a b " * 90}")\n'
            )
        done = call("strategies", "--json")
        assert len(done.out.encode()) <= MAX_BYTES
        assert done.answer["refused_total"] == len(done.whole["refused"]) == 100
    finally:
        shutil.rmtree(folder)
