"""Limits from a file and beside it: each may tighten, none may loosen, and what is no limit starts nothing."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.engine.limits import Executor, Limits, highest
from live.money import SCALE, plain
from live.start.given_limits import MAX_FILE_BYTES, limits_of
from skills_lib.domain.errors import InputError

CAPITAL = 40_000 * SCALE


def limits(text: str | None, tmp_path: Path, executor: Executor = Executor.SCALP, **given: str) -> Limits:
    """The limits of a file with this text, and of those given beside it."""
    file = None
    if text is not None:
        file = tmp_path / "limits.toml"
        file.write_bytes(text.encode())
    return limits_of(executor, CAPITAL, given, file)


def refusal(text: str | None, tmp_path: Path, **given: str) -> str:
    with pytest.raises(InputError) as refused:
        limits(text, tmp_path, **given)
    message = str(refused.value)
    assert "\n" not in message
    assert len(message) < 600
    return message.replace(str(tmp_path), "DIR")


def test_a_file_tightens_and_what_it_leaves_out_is_as_the_capital_says(tmp_path: Path) -> None:
    found = limits("[limits]\ndaily_loss = 200.25\nhold_ms = 30_000 # a comment\n", tmp_path)
    assert (found.daily_loss, found.hold_ms) == (20_025_000_000, 30_000)
    assert found.drawdown == highest(Executor.SCALP, CAPITAL).drawdown
    assert limits("[limits]\n", tmp_path) == limits(None, tmp_path) == highest(Executor.SCALP, CAPITAL)


def test_beside_a_file_the_same_limit_may_be_as_tight_or_tighter(tmp_path: Path) -> None:
    text = "[limits]\ndaily_loss = 200\n"
    assert limits(text, tmp_path, daily_loss="150", position="500").daily_loss == 150 * SCALE
    assert limits(text, tmp_path, daily_loss="200").daily_loss == 200 * SCALE
    assert refusal(text, tmp_path, daily_loss="200.00000001") == (
        "daily_loss is 200 USD in DIR/limits.toml and 200.00000001 USD beside it: a limit may be tightened, never "
        "loosened. Give at most 200 USD, or change the file."
    )


def test_bars_may_be_given_a_hold_by_the_file_and_a_shorter_one_beside_it(tmp_path: Path) -> None:
    text = "[limits]\nhold_ms = 5000\n"
    assert limits(text, tmp_path, Executor.BARS, hold_ms="4000").hold_ms == 4_000
    with pytest.raises(InputError, match="hold_ms is 5000 ms in"):
        limits(text, tmp_path, Executor.BARS, hold_ms="6000")


REFUSED = {
    "looser": ("daily_loss = 900", "daily_loss cannot be 900 USD"),
    "looser by one unit": ("daily_loss = 500.00000001", "never loosened"),
    "zero": ("daily_loss = 0", "never loosened"),
    "negative": ("daily_loss = -1", "never loosened"),
    "negative count": ("open_positions = -1", "Give a whole number."),
    "unknown": ("daily_los = 1", "Did you mean 'daily_loss'?"),
    "the executor": ('executor = "bars"', "executor is no number."),
    "a constant's name": ("position_usd = 1", "Unknown limit 'position_usd'."),
    "true": ("open_positions = true", "open_positions is no number."),
    "text": ('daily_loss = "200"', "daily_loss is no number."),
    "a list": ("daily_loss = [200]", "daily_loss is no number."),
    "a table": ("daily_loss = { usd = 200 }", "daily_loss is no number."),
    "a time": ("hold_ms = 2026-11-30", "hold_ms is no number."),
    "nan": ("daily_loss = nan", "daily_loss=nan is not an amount."),
    "inf": ("daily_loss = inf", "daily_loss=inf is not an amount."),
    "an exponent": ("daily_loss = 2e2", "daily_loss=2e2 is not an amount."),
    "a count with a point": ("open_positions = 2.0", "Give a whole number."),
    "too fine": ("daily_loss = 0.000000001", "is not an amount."),
    "digits of another script": ("daily_loss = ٢٠٠", "is not TOML at line 2, column 14."),
    "given twice": ("daily_loss = 1\ndaily_loss = 2", "is not TOML"),
    "a number of 5,000 digits": (f"daily_loss = {'9' * 5_000}", "is not"),
    "lists in lists": (f"daily_loss = {'[' * 50_000}", "is not TOML"),
    "another table": ("[settings]\ndepth = 1", "must hold the table [limits] and nothing else."),
}


@pytest.mark.parametrize(("line", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_tighter_limit_is_refused_and_the_file_is_named(line: str, message: str, tmp_path: Path) -> None:
    found = refusal(f"[limits]\n{line}\n", tmp_path)
    assert message in found
    assert "DIR/limits.toml" in found


@pytest.mark.parametrize("text", ["daily_loss = 1", "limits = 3", "[[limits]]\ndaily_loss = 1", ""])
def test_a_file_without_the_table_is_refused(text: str, tmp_path: Path) -> None:
    assert "must hold the table [limits] and nothing else." in refusal(text, tmp_path)


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    large = tmp_path / "large.toml"
    large.write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    wide = tmp_path / "wide.toml"
    wide.write_bytes("[limits]".encode("utf-16"))
    for file in (tmp_path / "none.toml", tmp_path, large, Path("/dev/zero"), wide, Path("a\0b")):
        with pytest.raises(InputError) as refused:
            limits_of(Executor.SCALP, CAPITAL, {}, file)
        assert "\n" not in str(refused.value)


def test_no_content_of_a_wrong_file_is_repeated(tmp_path: Path) -> None:
    assert "hunter2" not in refusal("api_secret = 'hunter2'\n= hunter2\n", tmp_path)
    assert "hunter2" not in refusal("[limits]\ndaily_loss = 'hunter2'\n", tmp_path)


@given(filed=st.integers(1, 2_000 * SCALE), typed=st.integers(1, 2_000 * SCALE))
def test_whatever_is_given_the_limit_is_the_tighter_or_nothing_starts(
    filed: int, typed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file, high = tmp_path_factory.getbasetemp() / "drawn.toml", highest(Executor.SCALP, CAPITAL).drawdown
    file.write_text(f"[limits]\ndrawdown = {plain(filed)}\n")
    try:
        found = limits_of(Executor.SCALP, CAPITAL, {"drawdown": plain(typed)}, file)
    except InputError:
        assert filed > high or typed > filed
        return
    assert found.drawdown == typed == min(filed, typed, high)
