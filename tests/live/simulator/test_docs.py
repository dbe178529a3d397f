"""The page of behaviours is what the code says: regenerate it with TWOKEY_WRITE_PAGES=1 and this file."""

import os
from pathlib import Path

import pytest

from live.simulator.behaviours import Evidence, behaviours_table, read_register, surface_table
from live.simulator.faults import FaultPlan, Reply, read_plan
from tests.live.simulator.clients import conformance_table
from tests.repository import ROOT

PAGE = ROOT / "docs" / "simulator-behaviours.md"

TEXT = """# What the local exchange does, and how we know

Made from the code by `TWOKEY_WRITE_PAGES=1 pytest tests/live/simulator/test_docs.py`; do not edit. What it is for and
how to start it: [simulator.md](simulator.md).

**documented**: Binance's documentation or SDK says so. **observed**: recorded payloads or published probes show it.
**assumed**: chosen here, on the side that flatters less where there was a side.

## Conformance

Each cell names the call of an unchanged client that a test makes against the simulator, over real sockets.

{conformance}

## Behaviours

{behaviours}

## Surface

{surface}
"""


def page() -> str:
    """The page as the code would write it."""
    tables = {"conformance": conformance_table(), "behaviours": behaviours_table(), "surface": surface_table()}
    return TEXT.format(**tables)


def test_the_page_of_behaviours_is_what_the_code_says() -> None:
    if os.environ.get("TWOKEY_WRITE_PAGES"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_behaviour_is_listed_once_and_every_tag_is_used() -> None:
    texts = [behaviour.text for behaviour in read_register()]
    assert len(texts) == len(set(texts)) > 50
    assert {behaviour.source for behaviour in read_register()} == set(Evidence)


def test_the_plan_on_the_page_can_be_read(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
    plan = tmp_path / "plan.toml"
    plan.write_text(text.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    assert len(read_plan(plan).faults) > 3


@pytest.mark.parametrize("name", [*Reply, *(fault for fault in ("drop", "delay", "duplicate", "reorder", "gap_pu"))])
def test_every_fault_and_reply_is_on_the_page(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")


def test_every_kind_of_fault_is_on_the_page() -> None:
    schema = FaultPlan.model_json_schema()["$defs"]
    kinds = {kind for model in schema.values() if "kind" in model.get("properties", {}) for kind in _kinds(model)}
    text = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
    assert len(kinds) > 10
    assert [kind for kind in kinds if f"`{kind}`" not in text] == []


def _kinds(model: dict[str, dict[str, dict[str, list[str]]]]) -> list[str]:
    kind = model["properties"]["kind"]
    return [str(kind["const"])] if "const" in kind else kind["enum"]
