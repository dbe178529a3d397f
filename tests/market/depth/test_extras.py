"""Without an extra: errors name the missing extra."""

import asyncio
import sys
from pathlib import Path

import pytest

from skills_lib.domain.errors import InputError
from skills_lib.market.depth.book.local_book import LocalBook
from skills_lib.market.depth.feed.client import Feed
from skills_lib.market.depth.feed.settings import Endpoints, FeedSettings
from skills_lib.market.depth.model import Venue
from skills_lib.market.depth.tape.lines import read_lines
from skills_lib.market.depth.tape.store import Manifest, TapeWriter

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def test_without_picows_a_feed_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picows", None)
    feed = Feed(FeedSettings(Endpoints.of(Venue.USDM, "127.0.0.1:1"), ("BTCUSDT",)), open_book=LocalBook)
    with pytest.raises(InputError, match=r"needs picows\. Run: pip install 'twokey\[live\]'"):
        asyncio.run(feed.run())


def test_without_zstandard_tapes_say_what_they_need(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    (tmp_path / "x.zst").write_bytes(ZSTD_MAGIC)
    needed = r"needs zstandard\. Run: pip install 'twokey\[live\]'"
    with pytest.raises(InputError, match=needed):
        list(read_lines(tmp_path / "x.zst"))
    with pytest.raises(InputError, match=needed):
        TapeWriter(tmp_path / "tape", Manifest(symbol="X", venue=Venue.SPOT, origin="a test"))
    assert not (tmp_path / "tape").exists()


def test_a_feed_requires_a_symbol_and_rejects_channels_that_spot_lacks() -> None:
    with pytest.raises(InputError, match="at least one symbol"):
        FeedSettings(Endpoints.of(Venue.USDM), ())
