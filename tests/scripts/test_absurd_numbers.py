"""Infinite, undefined and absurd numbers are refused before a command begins: exit code 2 and one line."""

import pytest

from skills_lib.settings import Settings
from tests.command import Command

BACKTEST = ("test-strategy", "BTC", "1h", "sma_crossover", "--source", "sample")
SEARCHES = tuple((verb, "sma_crossover", "BTC", "1h", "--source", "sample") for verb in ("optimize", "walk-forward"))
VALIDATE = ("validate", "sma_crossover", "BTC", "1h", "--source", "sample")
HUGE = "99999999999"


def refuse(twokey: Command, workspace: Settings, *arguments: str) -> str:
    """The one line with which the command refuses its arguments."""
    done = twokey(*arguments)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert not list(workspace.home.glob("backtests/*/*"))
    return done.err


@pytest.mark.parametrize("verb", [BACKTEST, *SEARCHES, VALIDATE])
@pytest.mark.parametrize("cash", ["inf", "-inf", "nan", "1e300", "0"])
def test_every_verb_refuses_cash_that_no_account_has(
    twokey: Command, workspace: Settings, verb: tuple[str, ...], cash: str
) -> None:
    found = refuse(twokey, workspace, *verb, "--cash", cash)
    assert found == f"cash={float(cash)} is not allowed. Give more than 0 and at most 1,000,000,000,000.\n"


@pytest.mark.parametrize("verb", [*SEARCHES, VALIDATE])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--method", "random", "--trials", HUGE), f"trials={HUGE} is not allowed. Give 1 to 1,000,000."),
        (("--min-trades", HUGE), f"min-trades={HUGE} is not allowed. Give 0 to 1,000,000."),
        (("--seed", HUGE), f"seed={HUGE} is not allowed. Give 0 to 2,147,483,647."),
        (("--param", "fast=5:60:0"), "Range fast=5:60:0 is empty."),
        (("--param", "fast=5:60:100"), "Range fast=5:60:100 has a step of 100, larger than the range."),
        (("--param", "fast=1:1e300:1"), "Range fast=1:1e300:1 has too many values. At most 100,000 are allowed"),
    ],
)
def test_every_search_refuses_absurd_counts_and_steps(
    twokey: Command, workspace: Settings, verb: tuple[str, ...], options: tuple[str, ...], message: str
) -> None:
    assert message in refuse(twokey, workspace, *verb, *options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*BACKTEST, "--fractional-unit", "inf"), "fractional_unit=inf is not allowed. Give more than 0"),
        ((*BACKTEST, "--leverage", "nan"), "leverage=nan is not allowed"),
        (("runs", "--limit", HUGE), f"--limit={HUGE} is not allowed. Give 1 to 100,000."),
        (("runs", "--limit", "0"), "--limit=0 is not allowed. Give 1 to 100,000."),
        ((*SEARCHES[1], "--step", "0d"), "--step 0d is not allowed. Give more than 0"),
        ((*SEARCHES[1], "--train", f"{HUGE}d"), f"--train {HUGE}d is too long. Give at most 36525d"),
        (("calibrate", "--markets", HUGE), f"markets={HUGE} is not allowed."),
        (("calibrate", "--seed", "-1"), "seed=-1 is not allowed."),
        (("monte-carlo", "3f2a", "--samples", HUGE), f"samples={HUGE} is not allowed. Give 10 to 100,000."),
        (("record", "BTCUSDT", "--minutes", "inf"), "--minutes=inf is not allowed. Give 0.01 to 5,256,000."),
        (("record", "BTCUSDT", "--part-minutes", "nan"), "--part-minutes=nan is not allowed."),
        (("scan", "--count", HUGE), f"--count={HUGE} is not allowed. Give 1 to 100."),
        (("scan", "--seconds", "nan"), "--seconds=nan is not allowed. Give 1 to 86,400."),
        (("scan", "--taker-fee-bps", "inf"), "--taker-fee-bps=inf is not allowed."),
        (("simulate", "--feed", "binance", "--port", "70000"), "--port=70000 is not allowed. Give 0 to 65,535."),
    ],
)
def test_other_numbers_are_refused_where_they_are_given(
    twokey: Command, workspace: Settings, arguments: tuple[str, ...], message: str
) -> None:
    assert message in refuse(twokey, workspace, *arguments)
