"""Settings as text: exact, bounded, refused in one line, and read back as they are shown."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.engine.settings import EntryKind, ImbalanceSettings
from live.money import SCALE
from live.replay.arguments import settings_of, shown
from skills_lib.domain.errors import InputError


def test_values_are_read_exactly_in_the_unit_of_their_name() -> None:
    found = settings_of(
        {"buy_ratio": "3.5", "depth": "7", "hold_ms": "1500", "target_bps": "0.1", "entry": "post-only"}
    )
    assert (found.buy_ratio, found.depth, found.hold_ms) == (350_000_000, 7, 1_500)
    assert (found.target_bps, found.entry) == (10_000_000, EntryKind.POST_ONLY)
    assert settings_of({}) == ImbalanceSettings()


@given(
    st.builds(
        ImbalanceSettings,
        depth=st.integers(1, 1_000),
        buy_ratio=st.integers(2 * SCALE, 10_000 * SCALE),
        sell_ratio=st.integers(1, 2 * SCALE - 1),
        cooldown_ms=st.integers(0, 86_400_000),
        target_bps=st.integers(1, 5_000 * SCALE),
        entry=st.sampled_from(EntryKind),
    )
)
def test_what_is_shown_is_read_back(settings: ImbalanceSettings) -> None:
    assert settings_of(shown(settings)) == settings


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("depth", "0"), ("depth", "1.5"), ("depth", "-3"), ("depth", "1e3"), ("depth", "٣"), ("depth", "9" * 40),
        ("buy_ratio", "nan"), ("buy_ratio", "0"), ("buy_ratio", "inf"), ("buy_ratio", "0.000000001"),
        ("sell_ratio", "3"), ("hold_ms", "0"), ("hold_ms", "86400001"), ("entry", "maker"), ("dpth", "5"),
        ("stop_bps", "-15"), ("order_usd", "1" * 30), ("__class__", "1"),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_one_line_that_names_it(name: str, text: str) -> None:
    with pytest.raises(InputError) as refused:
        settings_of({name: text})
    assert name in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


def test_every_setting_has_bounds_of_its_kind() -> None:
    """A setting that is added later is read by the ending of its name; this names those that are not."""
    kinds = ("_ms", "_bps", "_ratio", "_usd")
    counts = {"depth", "persistence", "pause_after_stops", "entry"}
    names = {field.name for field in msgspec.structs.fields(ImbalanceSettings)}
    assert {name for name in names if not name.endswith(kinds)} == counts
