"""The sealed bars: every look is written down, and a strategy made over may not look twice."""

from pathlib import Path

import numpy as np
import pytest

from skills_lib.domain.errors import InputError
from skills_lib.domain.time import DAY_NS
from skills_lib.ledger.holdout_seal import open_seal, openings
from skills_lib.ledger.ledger import Ledger
from skills_lib.ledger.model import CandleIdentity, EvaluationContext

SEALED = CandleIdentity("BTCUSDT", "1h", False, 900 * DAY_NS, 1000 * DAY_NS, "5" * 64)
ASKED = EvaluationContext("a test", "sma_crossover", "c" * 64, "5" * 64, SEALED)
CHOSEN = {"fast": 10, "slow": 30}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "user" / "trials.sqlite", tmp_path / "home")


def test_an_opening_is_recorded_with_who_what_and_when(ledger: Ledger) -> None:
    assert openings(ledger, ASKED) == []
    opened = open_seal(ledger, ASKED, CHOSEN, "it goes to paper trading")
    assert openings(ledger, ASKED) == [opened]
    assert (opened.strategy, opened.parameters, opened.reason) == ("sma_crossover", CHOSEN, "it goes to paper trading")
    assert (opened.start, opened.end) == ("1972-06-19T00:00:00", "1972-09-27T00:00:00")
    assert (opened.number, opened.tried_before) == (1, 0)


def test_the_same_look_again_is_the_first_look(ledger: Ledger) -> None:
    first = open_seal(ledger, ASKED, CHOSEN)
    assert open_seal(ledger, ASKED, dict(reversed(CHOSEN.items()))) == first
    assert len(openings(ledger, ASKED)) == 1


@pytest.mark.parametrize("changed", ["parameters", "code", "settings", "bars"])
def test_a_strategy_made_over_may_not_look_again(ledger: Ledger, changed: str) -> None:
    open_seal(ledger, ASKED, CHOSEN)
    again = {
        "parameters": (ASKED, {"fast": 11, "slow": 30}),
        "code": (ASKED._replace(code_sha256="e" * 64), CHOSEN),
        "settings": (ASKED._replace(settings_sha256="e" * 64), CHOSEN),
        "bars": (ASKED._replace(data=later(50)), {"fast": 11, "slow": 30}),
    }
    with pytest.raises(InputError, match="fast 10, slow 30: each strategy gets one opening") as refused:
        open_seal(ledger, *again[changed])
    assert "\n" not in str(refused.value)
    assert len(openings(ledger, ASKED)) == 1


def test_bars_that_nobody_has_seen_may_be_opened(ledger: Ledger) -> None:
    open_seal(ledger, ASKED, CHOSEN)
    opened = open_seal(ledger, ASKED._replace(data=later(100)), {"fast": 11, "slow": 30})
    assert opened.number == 1


def test_another_strategy_is_told_of_the_looks_before(ledger: Ledger) -> None:
    open_seal(ledger, ASKED, CHOSEN)
    opened = open_seal(ledger, ASKED._replace(strategy="macd_trend", code_sha256="e" * 64), {"fast": 12})
    assert opened.number == 2
    assert [look.number for look in openings(ledger, ASKED)] == [1, 2]


def test_what_was_evaluated_on_sealed_bars_before_they_were_opened_is_told(ledger: Ledger) -> None:
    whole = SEALED._replace(first_ns=0, sha256="a" * 64)
    unsealed = whole._replace(end_ns=SEALED.first_ns, sha256="b" * 64)
    ledger.reserve(ASKED._replace(data=unsealed), np.arange(50, dtype=np.uint64))
    ledger.reserve(ASKED._replace(data=whole), np.arange(3, dtype=np.uint64))
    opened = open_seal(ledger, ASKED, CHOSEN)
    ledger.reserve(ASKED._replace(data=whole), np.arange(9, dtype=np.uint64))
    assert opened.tried_before == openings(ledger, ASKED)[0].tried_before == 3


def test_without_a_ledger_that_can_be_written_the_bars_stay_sealed(tmp_path: Path) -> None:
    (tmp_path / "user").write_text("a file where the folder should be")
    ledger = Ledger(tmp_path / "user" / "trials.sqlite", tmp_path / "home")
    with pytest.raises(OSError, match="cannot be written"):
        open_seal(ledger, ASKED, CHOSEN)
    assert openings(ledger, ASKED) == []


def later(days: int) -> CandleIdentity:
    moved = SEALED._replace(first_ns=SEALED.first_ns + days * DAY_NS, end_ns=SEALED.end_ns + days * DAY_NS)
    return moved._replace(sha256="6" * 64)
