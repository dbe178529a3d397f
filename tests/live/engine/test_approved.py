"""Only risk makes an `Approved`: attacks at run time, and a scan of the sources for its key."""

import ast
import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from live.engine import intents
from live.engine.intents import Approved, is_genuine
from live.engine.risk.judging import judge
from tests.live.engine.states import entry, quiet_state
from tests.repository import ROOT

KEY = "_KEY"
MADE = "_MADE"
PACKAGES = ("live", "scripts", "mcp_servers", "strategies")
"""`skills_lib` is not searched: it may not import `live` (import-linter), and its ledger has a key of its own."""


def of_risk() -> Approved:
    judged = judge(entry(), quiet_state())
    assert isinstance(judged, Approved)
    return judged


def forged() -> Approved:
    """An object of the class whose constructor never ran, with every attribute set behind its back."""
    made = object.__new__(Approved)
    for name, value in (("intent", entry()), ("uses", ()), ("approved_ns", 1)):
        object.__setattr__(made, name, value)
    return made


def test_what_risk_approves_is_genuine() -> None:
    assert is_genuine(of_risk())


@pytest.mark.parametrize("key", [None, object(), "key", True, Approved])
def test_the_constructor_refuses_any_key_but_that_of_risk(key: object) -> None:
    with pytest.raises(TypeError, match=r"Only live\.engine\.risk approves"):
        Approved(key, entry(), (), 1)


def test_an_object_made_behind_the_constructor_is_not_genuine() -> None:
    made = forged()
    assert isinstance(made, Approved)
    assert made.intent == entry()
    assert not is_genuine(made)


@pytest.mark.parametrize("other", [None, entry(), object()])
def test_another_object_is_not_genuine(other: object) -> None:
    assert not is_genuine(other)


@pytest.mark.parametrize("attack", [copy.copy, copy.deepcopy, pickle.dumps])
def test_an_approval_is_not_copied_or_stored(attack: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError, match="not copied or stored"):
        attack(of_risk())


def test_an_approval_does_not_change() -> None:
    approved = of_risk()
    for name in ("intent", "uses", "approved_ns", "more"):
        with pytest.raises(AttributeError, match="does not change"):
            setattr(approved, name, entry(quantity=1))
    assert approved.intent == entry()


def test_approvals_have_no_subclasses() -> None:
    with pytest.raises(TypeError, match="no subclasses"):
        type("Lenient", (Approved,), {})


def test_an_equal_genuine_approval_does_not_make_a_forged_one_genuine() -> None:
    kept = of_risk()
    assert is_genuine(kept)
    assert not is_genuine(forged())


def references(source: str) -> set[str]:
    """Which of the two private names a source mentions: as a name, an attribute, an import or a text."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        names = {getattr(node, "id", None), getattr(node, "attr", None), getattr(node, "value", None)} - {None}
        if isinstance(node, ast.ImportFrom | ast.Import):
            names = {alias.name for alias in node.names}
        found |= {name for name in (KEY, MADE) if any(isinstance(one, str) and name == one for one in names)}
    return found


@pytest.mark.parametrize(
    "attack",
    [
        "from live.engine.intents import _KEY",
        "from live.engine import intents\nintents._KEY",
        "getattr(intents, '_KEY')",
        "vars(intents)['_KEY']",
        "intents._MADE.add(forged)",
    ],
)
def test_the_scan_finds_each_way_to_the_key(attack: str) -> None:
    assert references(attack)


def test_no_source_but_risk_refers_to_the_key_and_none_to_the_list_of_what_was_made() -> None:
    own = intents.__name__.replace(".", "/") + ".py"
    sources = {path.relative_to(ROOT).as_posix(): path for root in PACKAGES for path in (ROOT / root).rglob("*.py")}
    found = {name: references(path.read_text(encoding="utf-8")) for name, path in sources.items() if name != own}
    assert {name: names for name, names in found.items() if names} == {"live/engine/risk/judging.py": {KEY}}
