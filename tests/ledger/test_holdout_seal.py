"""Sealed bars: every opening is recorded, and a changed strategy cannot open them again."""

from pathlib import Path

import numpy as np
import pytest

from skills_lib.domain.errors import InputError
from skills_lib.domain.time import DAY_NS
from skills_lib.ledger.holdout_seal import open_seal, openings
from skills_lib.ledger.ledger import Ledger
from skills_lib.ledger.model import CandleIdentity, EvaluationContext

SEALED = CandleIdentity("BTCUSDT", "1h", False, 900 * DAY_NS, 1000 * DAY_NS, "5" * 64)
CONTEXT = EvaluationContext("a test", "sma_crossover", "c" * 64, "5" * 64, SEALED)
CHOSEN = {"fast": 10, "slow": 30}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "user" / "trials.sqlite", tmp_path / "home")


def test_an_opening_is_recorded_with_origin_parameters_and_time(ledger: Ledger) -> None:
    assert openings(ledger, CONTEXT) == []
    opened = open_seal(ledger, CONTEXT, CHOSEN, "it goes to paper trading")
    assert openings(ledger, CONTEXT) == [opened]
    assert (opened.strategy, opened.parameters, opened.reason) == ("sma_crossover", CHOSEN, "it goes to paper trading")
    assert (opened.start, opened.end) == ("1972-06-19T00:00:00", "1972-09-27T00:00:00")
    assert (opened.number, opened.tried_before) == (1, 0)


def test_repeating_an_opening_returns_the_first_one(ledger: Ledger) -> None:
    first = open_seal(ledger, CONTEXT, CHOSEN)
    assert open_seal(ledger, CONTEXT, dict(reversed(CHOSEN.items()))) == first
    assert len(openings(ledger, CONTEXT)) == 1


@pytest.mark.parametrize("changed", ["parameters", "code", "settings", "bars"])
def test_a_changed_strategy_cannot_open_the_bars_again(ledger: Ledger, changed: str) -> None:
    open_seal(ledger, CONTEXT, CHOSEN)
    again = {
        "parameters": (CONTEXT, {"fast": 11, "slow": 30}),
        "code": (CONTEXT._replace(code_sha256="e" * 64), CHOSEN),
        "settings": (CONTEXT._replace(settings_sha256="e" * 64), CHOSEN),
        "bars": (CONTEXT._replace(data=later(50)), {"fast": 11, "slow": 30}),
    }
    with pytest.raises(InputError, match="fast 10, slow 30: each strategy gets one opening") as refused:
        open_seal(ledger, *again[changed])
    assert "\n" not in str(refused.value)
    assert len(openings(ledger, CONTEXT)) == 1


def test_bars_that_nobody_has_seen_may_be_opened(ledger: Ledger) -> None:
    open_seal(ledger, CONTEXT, CHOSEN)
    opened = open_seal(ledger, CONTEXT._replace(data=later(100)), {"fast": 11, "slow": 30})
    assert opened.number == 1


def test_another_strategy_sees_the_earlier_openings(ledger: Ledger) -> None:
    open_seal(ledger, CONTEXT, CHOSEN)
    opened = open_seal(ledger, CONTEXT._replace(strategy="macd_trend", code_sha256="e" * 64), {"fast": 12})
    assert opened.number == 2
    assert [opening.number for opening in openings(ledger, CONTEXT)] == [1, 2]


def test_an_opening_counts_the_configurations_evaluated_on_its_bars_before(ledger: Ledger) -> None:
    whole = SEALED._replace(first_ns=0, sha256="a" * 64)
    unsealed = whole._replace(end_ns=SEALED.first_ns, sha256="b" * 64)
    ledger.reserve(CONTEXT._replace(data=unsealed), np.arange(50, dtype=np.uint64))
    ledger.reserve(CONTEXT._replace(data=whole), np.arange(3, dtype=np.uint64))
    opened = open_seal(ledger, CONTEXT, CHOSEN)
    ledger.reserve(CONTEXT._replace(data=whole), np.arange(9, dtype=np.uint64))
    assert opened.tried_before == openings(ledger, CONTEXT)[0].tried_before == 3


def test_without_a_ledger_that_can_be_written_the_bars_stay_sealed(tmp_path: Path) -> None:
    (tmp_path / "user").write_text("a file where the folder should be")
    ledger = Ledger(tmp_path / "user" / "trials.sqlite", tmp_path / "home")
    with pytest.raises(OSError, match="cannot be written"):
        open_seal(ledger, CONTEXT, CHOSEN)
    assert openings(ledger, CONTEXT) == []


def later(days: int) -> CandleIdentity:
    moved = SEALED._replace(first_ns=SEALED.first_ns + days * DAY_NS, end_ns=SEALED.end_ns + days * DAY_NS)
    return moved._replace(sha256="6" * 64)
