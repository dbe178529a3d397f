"""A repeated --param and a range with a dash are refused by every verb, in one line that says what to write."""

import pytest

from skills_lib.settings import Settings
from tests.command import Command

SAMPLE = ("--source", "sample", "--since", "2023-01-01", "--until", "2023-03-01")
VERBS = ("test-strategy", "optimize", "walk-forward", "validate")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("fast=5", "fast=10"), "--param fast is given twice"),
        (("fast=5-60",), "it is low:high:step, such as fast=5:60:"),
    ],
)
def test_every_verb_refuses_it_in_one_line(
    twokey: Command, workspace: Settings, verb: str, given: tuple[str, ...], message: str
) -> None:
    options = [word for text in given for word in ("--param", text)]
    done = twokey(verb, "BTC", "1h", "sma_crossover", *SAMPLE, *options)
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert message in done.err
    assert not list(workspace.home.glob("backtests/*/*"))
