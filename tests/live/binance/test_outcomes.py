"""docs/outcomes.md and the table of the program are the same; what must never count as proof does not."""

import re

import pytest

from live.binance.outcomes import CODES, STATUSES, Proof, outcome_of
from live.engine.events import RequestOutcome
from tests.repository import ROOT

PAGE = (ROOT / "docs/outcomes.md").read_text(encoding="utf-8")
UNKNOWN = RequestOutcome.UNKNOWN
PROOF_OF_FAILURE = {RequestOutcome.REJECTED, RequestOutcome.NOT_ACCEPTED}
INTERNAL = [-1000, -1001, -1006, -1007, -1008]


def table(heading: str) -> dict[int, Proof]:
    """The rows of a table of the page; each needs Binance's words and a source."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    found = re.findall(r"^\| (-?\d+) \| ([^|]+) \| `(\w+)` \| ([^|]+) \|$", section, re.MULTILINE)
    assert len(found) == sum(line.startswith("| ") for line in section.splitlines()) - 1
    return {int(number): Proof(RequestOutcome(word), source.strip()) for number, _, word, source in found}


def test_the_page_lists_every_code_with_its_source() -> None:
    assert table("Codes") == CODES


def test_the_page_lists_every_status_with_its_source() -> None:
    assert table("Statuses") == STATUSES


def test_the_page_explains_every_word() -> None:
    words = set(re.findall(r"^\| [^|]+ \| `(\w+)` \|", PAGE.split("\n## ")[0], re.MULTILINE))
    assert words == {outcome.value for outcome in RequestOutcome}


@pytest.mark.parametrize("code", INTERNAL)
@pytest.mark.parametrize("status", [400, 403, 408, 418, 429, 500, 502, 503, 504])
def test_an_internal_error_of_the_exchange_proves_nothing_with_any_status(status: int, code: int) -> None:
    assert outcome_of(status, code) is UNKNOWN


def test_no_status_above_499_proves_anything_whatever_the_code() -> None:
    assert {outcome_of(status, code) for status in range(500, 600) for code in [0, *CODES, -987_654]} == {UNKNOWN}


def test_no_error_answer_is_acceptance_and_without_a_code_only_a_rate_limit_is_failure() -> None:
    found = {status: outcome_of(status, 0) for status in range(100, 600)}
    assert RequestOutcome.ACCEPTED not in found.values()
    assert {status for status, outcome in found.items() if outcome in PROOF_OF_FAILURE} == {418, 429}


@pytest.mark.parametrize("code", [1, 200, 2_013, 10**9])
def test_a_code_that_is_no_error_code_proves_nothing(code: int) -> None:
    assert outcome_of(400, code) is UNKNOWN
