"""docs/limits.md lists every limit with its constants and every word of a refusal."""

import re

from live.engine.limits import BARS, SCALP, UNITS, Ceilings, Executor
from live.engine.risk.reasons import Reason
from live.engine.risk.sizing import smallest_capital
from live.engine.settings import ImbalanceSettings
from live.engine.units import Unit
from live.money import SCALE, plain
from tests.live.engine.states import CONTRACT, PRICE
from tests.repository import ROOT

PAGE = (ROOT / "docs/limits.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """Cells of the table below a heading, without its two header lines."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def constant(of: Ceilings, name: str) -> str:
    """A constant as the page writes it: the amount, the share, or both."""
    amount, part = getattr(of, f"{name}_usd", None), getattr(of, f"{name}_share", None)
    texts = [Unit.USD.show(amount)] if amount else []
    texts += [f"{plain(part * 100)} %"] if part else []
    plain_value = getattr(of, name, 0)
    return ", ".join(texts) or (UNITS[name].show(plain_value) if plain_value else "none")


def test_the_page_lists_every_limit_of_both_executors_and_no_other() -> None:
    expected = [[f"`{name}`", constant(SCALP, name), constant(BARS, name)] for name in UNITS]
    assert [row[:3] for row in rows("The limits")] == expected


def test_the_page_explains_every_word_of_a_refusal() -> None:
    words = {word for row in rows("Why an intent is refused") for word in re.findall(r"`(\w+)`", row[0])}
    assert words | set(UNITS) - {"hold_ms"} == {reason.value for reason in Reason}


def test_the_example_of_the_smallest_account_is_computed() -> None:
    capital = smallest_capital(CONTRACT, PRICE, Executor.SCALP, ImbalanceSettings().stop_bps)
    assert f"that is {capital // SCALE} USD" in " ".join(PAGE.split())
