"""Symbols: fetched from the exchange, cached, and offline from the cached or bundled list, which is named."""

import gzip
import json
import os
from pathlib import Path

import pytest

from skills_lib.domain.errors import InputError, SourceUnavailableError
from skills_lib.market.candles.symbols import _bundled, search_symbols
from skills_lib.settings import Settings
from tests.market.candles.local_venue import Fault, LocalVenue


def names(text: str, settings: Settings, exchange: str = "binance", limit: int = 5) -> list[str]:
    return [match.symbol for match in search_symbols(text, exchange, limit, settings)]


def test_the_exchange_listing_is_fetched_once_and_cached(venue: LocalVenue, settings: Settings) -> None:
    (found,) = search_symbols("btc", "binance", 5, settings)
    assert (found.symbol, found.pair, found.kind, found.active) == ("BTCUSDT", "BTC/USDT", "spot", True)
    assert found.source.startswith("binance, fetched 20")
    assert names("eth", settings) == ["ETHUSDT"]
    assert len(venue.requested) == 1


def test_a_listing_older_than_a_week_is_refreshed_or_used_offline(venue: LocalVenue, settings: Settings) -> None:
    search_symbols("btc", "binance", 5, settings)
    (stored,) = settings.candles_dir.rglob("listing.json")
    os.utime(stored, (0, 0))
    venue.symbols = ("BTC", "BTCUP")
    assert names("btc", settings) == ["BTCUSDT", "BTCUPUSDT"]
    os.utime(stored, (0, 0))
    venue.info_fault = Fault(503, b"down")
    assert names("btc", settings) == ["BTCUSDT", "BTCUPUSDT"]


def test_offline_the_bundled_list_is_used_and_named(offline: Settings) -> None:
    found = search_symbols("btc", "binance", 3, offline)
    assert found[0].symbol == "BTCUSDT"
    assert len(found) == 3
    assert found[0].source == "Binance spot, GET /api/v3/exchangeInfo of 2021-10-12, bundled"
    (perpetual, *_) = search_symbols("ETHUSDT", "binanceusdm", 3, offline)
    assert (perpetual.symbol, perpetual.kind) == ("ETHUSDT", "perpetual")


@pytest.mark.parametrize("text", ["sol/usdt", "SOLUSDT", "sol-usdt", " solusdt "])
def test_any_spelling_finds_it(offline: Settings, text: str) -> None:
    assert names(text, offline)[0] == "SOLUSDT"


@pytest.mark.parametrize(("text", "first"), [("btc", "BTCUSDT"), ("eth", "ETHUSDT"), ("ethbtc", "ETHBTC")])
def test_the_closest_name_comes_first(offline: Settings, text: str, first: str) -> None:
    assert names(text, offline)[0] == first


def test_an_unlisted_symbol_is_not_found(offline: Settings) -> None:
    assert names("NOSUCHCOIN", offline) == []


def test_offline_an_exchange_without_a_list_says_that_it_did_not_answer(offline: Settings) -> None:
    with pytest.raises(SourceUnavailableError, match="kraken did not answer"):
        search_symbols("btc", "kraken", 5, offline)


def test_an_unknown_exchange_is_an_input_error(offline: Settings) -> None:
    with pytest.raises(InputError, match="Did you mean 'binance'"):
        search_symbols("btc", "binanc", 5, offline)


def test_the_bundled_lists_hold_what_the_recorded_answers_held(shared_data: Path) -> None:
    folder = shared_data / "fixtures" / "binance_exchangeInfo"
    recorded = json.loads(gzip.decompress((folder / "api_v3_exchangeInfo_20211012.json.gz").read_bytes()))["symbols"]
    bundled = {match.pair: match.active for match in _bundled("binance")}
    assert bundled == {f"{s['baseAsset']}/{s['quoteAsset']}": s["status"] == "TRADING" for s in recorded}
