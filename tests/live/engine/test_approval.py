"""No code but risk makes an approval."""

import ast
import copy
import pickle
from pathlib import Path

import msgspec
import pytest

from live.engine import intents
from live.engine.actions import PlaceOrder
from live.engine.events import MarkChanged
from live.engine.gate.gate import Gate
from live.engine.intents import Approved
from live.engine.limits import Executor, highest
from live.money import SCALE
from tests.live.engine.judgements import approved
from tests.live.engine.states import CONTRACT, NOW_NS, PRICE, SYMBOL, entry, quiet_state
from tests.repository import ROOT

CODE = ("live", "scripts", "mcp_servers", "skills_lib", "strategies")
MAKER = "live/engine/risk/judging.py"


@pytest.mark.parametrize("key", [None, object(), True, "key", intents])
def test_a_constructor_without_the_key_is_refused(key: object) -> None:
    with pytest.raises(TypeError, match=r"Only live\.engine\.risk approves an intent"):
        Approved(key, entry(), (), NOW_NS)


def test_an_approval_is_not_copied_stored_changed_or_derived_from() -> None:
    genuine = approved(entry(), quiet_state())
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="not copied or stored"):
            copied(genuine)
    for name in ("intent", "uses", "approved_ns"):
        with pytest.raises(AttributeError, match="does not change"):
            setattr(genuine, name, None)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"intent": entry(), "uses": (), "approved_ns": 1}, Approved, from_attributes=True)
    with pytest.raises(TypeError, match="no subclasses"):
        type("Wider", (Approved,), {})


def test_an_approval_made_around_the_constructor_does_not_leave() -> None:
    forged = object.__new__(Approved)
    for name, value in (("intent", entry()), ("uses", ()), ("approved_ns", NOW_NS)):
        object.__setattr__(forged, name, value)
    gate = Gate(highest(Executor.SCALP, 40_000 * SCALE), 40_000 * SCALE, [CONTRACT])
    gate.observe(MarkChanged(NOW_NS, SYMBOL, NOW_NS, PRICE))
    assert gate.check(PlaceOrder(NOW_NS, forged), entry()) == "The order was not approved by risk."
    assert gate.check(PlaceOrder(NOW_NS, approved(entry(), quiet_state())), entry()) is None


def test_only_risk_uses_the_key_and_no_code_reaches_around_the_class() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for folder in CODE
        for path in (ROOT / folder).rglob("*.py")
        for name in reaching(path)
    }
    assert found == {
        f"{MAKER}: Approved",
        f"{MAKER}: _KEY",
        "live/engine/intents.py: _KEY",
        "live/engine/intents.py: _MADE",
        "live/engine/intents.py: object.__setattr__",
    }


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from live.engine.intents import _KEY as k", {"_KEY"}),
        ("intents._KEY", {"_KEY"}),
        ("getattr(intents, '_KEY')", {"_KEY"}),
        ("live.engine.intents.Approved(key)", {"Approved"}),
        ("object.__new__(Approved)", {"object.__new__"}),
        ("intents; object.__setattr__(one, 'intent', other)", {"object.__setattr__"}),
        ("intents._MADE.add(forged)", {"_MADE"}),
        ("isinstance(one, Approved)", set()),
    ],
)
def test_the_scan_finds_each_way_around(tmp_path: Path, source: str, found: set[str]) -> None:
    (tmp_path / "module.py").write_text(source, encoding="utf-8")
    assert reaching(tmp_path / "module.py") == found


def reaching(path: Path) -> set[str]:
    """What a module uses of `Approved` that only risk may: its key, its constructor, and ways around it."""
    source = path.read_text(encoding="utf-8")
    if "Approved" not in source and "intents" not in source:
        return set()
    return {name for node in ast.walk(ast.parse(source)) for name in forbidden(node)}


def forbidden(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Approved":
        return {"Approved"}
    if (
        isinstance(node, ast.Attribute)
        and node.attr in ("__new__", "__setattr__")
        and ast.unparse(node.value) == "object"
    ):
        return {f"object.{node.attr}"}
    named = [getattr(node, one, None) for one in ("id", "attr", "name", "value")]
    return {name for name in ("_KEY", "_MADE") if name in named}
