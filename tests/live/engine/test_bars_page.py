"""`docs/bars.md` says each setting of a strategy on bars with its default, and each field of a decision."""

import re

import msgspec

from live.engine.events import BarDecided
from live.engine.settings import BarSettings
from live.engine.units import Unit
from tests.repository import ROOT

PAGE = (ROOT / "docs" / "bars.md").read_text(encoding="utf-8")
UNITS = {"usd": Unit.USD, "bps": Unit.BPS, "ms": Unit.MS}
NAMES = {"strategy", "timeframe", "parameters"}


def rows(title: str) -> list[list[str]]:
    lines = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| `")]


def test_the_page_lists_every_setting_with_its_default_and_no_other() -> None:
    defaults = msgspec.structs.asdict(BarSettings(strategy="", timeframe=""))
    shown = {
        name: UNITS.get(name.rsplit("_", 1)[-1], Unit.COUNT).show(value)
        for name, value in defaults.items()
        if name not in NAMES
    }
    assert {row[0].strip("`"): row[1] for row in rows("Settings")} == shown


def test_the_page_lists_every_field_of_a_decision() -> None:
    listed = {name for row in rows("A decision") for name in re.findall(r"`(\w+)`", row[0])}
    assert listed == {field.name for field in msgspec.structs.fields(BarDecided)} - {"time_ns", "symbol"}
