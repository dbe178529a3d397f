"""What a candle file holds is read from its name where that leaves no doubt, else asked for."""

import pytest

from skills_lib.domain.errors import InputError
from skills_lib.domain.instruments import Instrument
from skills_lib.market.candles.file_names import NamedSeries, identify
from tests.repository import SHARED_CANDLES

READ = {
    "BTCUSDT-1h-2024-01.csv": ("BTC/USDT", "1h", None),
    "BTCUSDT-1h-2024-01-31.zip": ("BTC/USDT", "1h", None),
    "1000SHIBUSDT-5m-2023-12.zip": ("1000SHIB/USDT", "5m", None),
    "1INCHUSDT-1d-2024-01.zip": ("1INCH/USDT", "1d", None),
    "Binance_BTCUSDT_1h.csv": ("BTC/USDT", "1h", "binance"),
    "Binance_ETHBTC_d.csv": ("ETH/BTC", "1d", "binance"),
    "Binance_BTCUSDT_2020_minute.csv": ("BTC/USDT", "1m", "binance"),
    "Bitstamp_BTCUSD_1h.csv": ("BTC/USD", "1h", "bitstamp"),
    "gemini_ETHUSD_2019_1min.csv": ("ETH/USD", "1m", "gemini"),
    "BTC_USDT-1h.feather": ("BTC/USDT", "1h", None),
    "BTC_USDT-15m.json.gz": ("BTC/USDT", "15m", None),
    "ETH_BTC-4h.json": ("ETH/BTC", "4h", None),
    "BTC-USDT-1h.parquet": ("BTC/USDT", "1h", None),
    "btcusdt_1h.csv": ("BTC/USDT", "1h", None),
    "ETHUSDT_1H.csv.gz": ("ETH/USDT", "1h", None),
    "SOLUSDT_60min.csv": ("SOL/USDT", "1h", None),
    "BTCUSDT 4h.csv": ("BTC/USDT", "4h", None),
    "binance_spot_BTCUSDT_1h_20200920_20240630.csv.gz": ("BTC/USDT", "1h", "binance"),
    "binance_usdm_SOLUSDT_5m_20250306_20250405.csv.gz": ("SOL/USDT", "5m", "binanceusdm"),
    "binance_BTCUSDT-perp-1h.csv": ("BTC/USDT", "1h", "binanceusdm"),
}
REFUSED = {
    "mine.csv": "`symbol=BTC`",
    "BTC_1h.csv": "`symbol=BTC`",
    "my_entry_1h.csv": "`symbol=BTC`",
    "country_1h.csv": "`symbol=BTC`",
    "BTCUSDT.csv": "`timeframe=1h`",
    "BTCUSDT-1mo-2024-01.zip": "`timeframe=1h`",
    "BTCUSDT-1M-2024-01.zip": "months",
    "BTCUSDT_7h.csv": "Unknown timeframe '7h'",
    "BTCUSDT_1h_4h.csv": "fits several: 1h, 4h",
    "BTCUSDT_ETHUSDT_1h.csv": "fits several: BTC/USDT, ETH/USDT",
    "kraken_bitstamp_BTCUSD_1h.csv": "`exchange=kraken`",
    "BTC_USDT_USDT-1h-futures.feather": "`exchange=binanceusdm`",
    "usdm_like_BTCUSDT_1h_20201023_20240616.csv.gz": "`exchange=binanceusdm`",
    "binance_usdm_like_BTCUSDT_1h.csv": "`exchange=binanceusdm`",
    "BTC_USDT_USDT-8h-funding_rate.feather": "both `symbol` and `timeframe`",
    "BTC_USDT_USDT-1h-mark.feather": "both `symbol` and `timeframe`",
    "BTCUSDT-aggTrades-2024-01.zip": "both `symbol` and `timeframe`",
}


@pytest.mark.parametrize("name", READ)
def test_a_plain_name_tells_what_the_file_holds(name: str) -> None:
    assert identify(name) == NamedSeries(*READ[name])


@pytest.mark.parametrize("name", REFUSED)
def test_a_doubtful_name_is_refused_with_what_to_write(name: str) -> None:
    with pytest.raises(InputError) as refused:
        identify(name)
    assert REFUSED[name] in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", [*READ, *REFUSED])
def test_what_is_given_wins_over_the_name(name: str) -> None:
    assert identify(name, "DOGE", "30m", "okx") == NamedSeries("DOGE", "30m", "okx")


def test_an_option_decides_what_the_name_leaves_open() -> None:
    assert identify("BTC_1h.csv", symbol="BTC").timeframe == "1h"
    assert identify("BTCUSDT.csv", timeframe="4h").symbol == "BTC/USDT"
    assert identify("BTCUSDT_1h_4h.csv", timeframe="4h").timeframe == "4h"
    futures = identify("BTC_USDT_USDT-1h-futures.feather", exchange="bybit")
    assert futures == NamedSeries("BTC/USDT", "1h", "bybit")


@pytest.mark.skipif(not SHARED_CANDLES, reason="../shared/data (real candles) is not beside this checkout")
def test_the_names_of_the_shared_files_are_read() -> None:
    for path in SHARED_CANDLES:
        venue, kind, symbol, timeframe = path.name.split("_")[:4]
        given = {"exchange": "binanceusdm"} if kind == "like" else {}
        found = identify(path.name, **given)
        assert (Instrument.parse(found.symbol).symbol, found.timeframe) == (symbol, timeframe)
        assert found.exchange == ("binance" if (venue, kind) == ("binance", "spot") else "binanceusdm")
