"""Reads the register of behaviours (`areas/*.toml`) and of rules of Binance's pages (`rules/*.toml`).

One file per area and per page, in the order of their names, so that two people add rows without touching one file.
An entry of an area is `[evidence, text]` or `[evidence, text, source]`; a rule is
`[state, rule, test]` or `[state, rule, test, source]`, where `test` is empty unless the state is `done`.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


class BehaviourEvidence(StrEnum):
    """What a behaviour is based on.

    documented: stated by Binance's documentation or SDK. observed: seen in recorded payloads or published probes.
    assumed: neither; the less favourable choice was taken where there was one.
    """

    DOCUMENTED = "documented"
    OBSERVED = "observed"
    ASSUMED = "assumed"


class RuleState(StrEnum):
    """Whether the local exchange keeps a rule of a page.

    done: a named test exercises it. not done: known, and missing. unknown: no source says what Binance does.
    """

    DONE = "done"
    NOT_DONE = "not done"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One behaviour: its area, its description, its evidence and where that can be read."""

    area: str
    text: str
    evidence: BehaviourEvidence
    source: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a page. `test` names the test of a done rule: `module::function` or `module::function[case]`.

    page_source: where the page's rules can be read. own_source: where this one can, if elsewhere.
    """

    page: str
    page_source: str
    text: str
    state: RuleState
    test: str
    own_source: str = ""


def read_behaviours(folder: Path = HERE / "areas") -> tuple[Behaviour, ...]:
    """All behaviours, in the order of the page.

    Raises:
        ValueError: an entry is not `[evidence, text]` or `[evidence, text, source]`.
    """
    return tuple(
        Behaviour(section["title"], text, BehaviourEvidence(evidence), *source)
        for section in _sections(folder)
        for evidence, text, *source in section["entries"]
    )


def read_rules(folder: Path = HERE / "rules") -> tuple[Rule, ...]:
    """All rules, in the order of the page.

    Raises:
        ValueError: a rule is done without a test, or has a test without being done.
    """
    return tuple(_rule(section, *entry) for section in _sections(folder) for entry in section["rules"])


def _sections(folder: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(folder.glob("*.toml")):
        yield tomllib.loads(path.read_text(encoding="utf-8"))


def _rule(section: dict[str, Any], state: str, text: str, test: str = "", source: str = "") -> Rule:
    if (RuleState(state) is RuleState.DONE) is not bool(test):
        raise ValueError(f"A rule names its test if, and only if, it is done: {text}")
    return Rule(section["title"], section["source"], text, RuleState(state), test, source)
