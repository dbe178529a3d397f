"""`docs/imbalance.md` says each setting with its default, and its arithmetic is right."""

import re
from enum import Enum
from fractions import Fraction

import msgspec

from live.engine.events import BookChanged
from live.engine.settings import ImbalanceSettings
from live.engine.signals.imbalance import ImbalanceSignal
from live.engine.units import Unit
from live.enums import Side
from live.money import SCALE
from tests.repository import ROOT

PAGE = (ROOT / "docs" / "imbalance.md").read_text(encoding="utf-8")
UNITS = {"usd": Unit.USD, "bps": Unit.BPS, "ms": Unit.MS, "ratio": Unit.RATIO}


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    lines = [line for line in section(title).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def shown(name: str, value: object) -> str:
    """A default as the page writes it: the unit is the end of the setting's name."""
    if isinstance(value, Enum):
        return str(value.value)
    assert isinstance(value, int), name
    return UNITS.get(name.rsplit("_", 1)[-1], Unit.COUNT).show(value)


def test_the_page_lists_every_setting_with_its_default_and_no_other() -> None:
    listed = {row[0].strip("`"): row[1] for row in rows("Settings")}
    defaults = msgspec.structs.asdict(ImbalanceSettings())
    assert listed == {name: shown(name, value) for name, value in defaults.items()}


def test_the_page_computes_each_break_even_win_rate_from_the_default_target_and_stop() -> None:
    settings = ImbalanceSettings()
    target, stop = Fraction(settings.target_bps, SCALE), Fraction(settings.stop_bps, SCALE)
    found = rows("What it must win")
    assert len(found) >= 5
    for cost_text, rate_text in found:
        cost = Fraction(cost_text.removesuffix(" bp"))
        rate = (stop + cost) / (target + stop)
        assert rate * (target - cost) == (1 - rate) * (stop + cost)
        assert rate_text == f"{float(100 * rate):.1f} %"
    assert f"{float(Fraction(10) / (target + stop)):.1%}" == "28.6%"
    assert "28.6\npercentage points" in PAGE


def test_the_thresholds_of_the_page_are_the_queue_imbalances_of_the_default_ratios() -> None:
    settings = ImbalanceSettings()
    ratios = [Fraction(settings.buy_ratio, SCALE), Fraction(settings.sell_ratio, SCALE)]
    buy, sell = ((ratio - 1) / (ratio + 1) for ratio in ratios)
    assert buy == Fraction(1, 2)
    assert round(float(sell), 3) == -0.504
    assert "I > 0.5 and I < −0.504" in PAGE


def test_every_source_has_an_address() -> None:
    known = section("What is known of its edge")
    addresses = re.findall(r"\]\((https://(?:arxiv\.org/abs/|papers\.ssrn\.com/)\S+)\)", known)
    assert len(addresses) == known.count("- **") == 5


def book(bid: int, ask: int, *, levels: int = 5, usable: bool = True) -> BookChanged:
    """A book whose first bid and ask hold these volumes and the other levels one each."""
    bids = [60_000 * SCALE, bid] + [59_999 * SCALE, 1] * (levels - 1)
    asks = [60_001 * SCALE, ask] + [60_002 * SCALE, 1] * (levels - 1)
    return BookChanged(0, "BTCUSDT", 0, 1, usable, tuple(bids), tuple(asks))


def test_a_ratio_equal_to_its_threshold_is_no_signal() -> None:
    signal = ImbalanceSignal(ImbalanceSettings())
    assert signal.update(book(3 * 104 - 4, 100)) is None
    assert signal.update(book(3 * 104 - 3, 100)) is Side.BUY
    assert signal.update(book(33 - 4, 96)) is None
    assert signal.update(book(32 - 4, 96)) is Side.SELL


def test_what_ends_a_row_of_updates_that_agree() -> None:
    buys, sells, nothing = book(1_000, 100), book(10, 100), book(100, 100)
    cases = (nothing, sells, book(1_000, 100, usable=False), book(1_000, 100, levels=4))
    for between in cases:
        signal = ImbalanceSignal(ImbalanceSettings(persistence=2))
        assert [signal.update(one) for one in (buys, between, buys)] == [None, None, None], between
        assert signal.update(buys) is Side.BUY


def test_levels_beyond_the_depth_do_not_count() -> None:
    signal = ImbalanceSignal(ImbalanceSettings(depth=1))
    assert signal.update(book(400, 100)) is Side.BUY
    deep = book(100, 100)
    heavy = msgspec.structs.replace(deep, bids=(*deep.bids[:2], 59_999 * SCALE, 10_000 * SCALE))
    assert signal.update(heavy) is None
