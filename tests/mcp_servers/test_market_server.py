"""The market server through a client, on the synthetic sample."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mcp_servers.bounded_server import MAX_CHARACTERS
from mcp_servers.market.server import server
from skills_lib.domain.instruments import Instrument
from skills_lib.domain.timeframes import Timeframe
from skills_lib.market import candles
from skills_lib.settings import Settings
from tests.mcp_servers.mcp_client import ERAS, answer, call, list_tools, own_process, refusal, text

SPAN = {"since": "2023-01-01", "until": "2023-02-01"}
ARGUMENTS = {"symbol": "BTC", "timeframe": "1h", "source": "sample", **SPAN}


@pytest.fixture
def offline(workspace: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A workspace whose exchange does not answer."""
    monkeypatch.setenv("TWOKEY_EXCHANGE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TWOKEY_HTTP_ATTEMPTS", "1")
    return Settings()


def walk(limit: int) -> Iterator[dict[str, Any]]:
    cursor: str | None = None
    while True:
        got = answer(server, "market_get_bars", **ARGUMENTS, limit=limit, **({"cursor": cursor} if cursor else {}))
        assert len(got["rows"]) <= limit
        yield from got["rows"]
        cursor = got["next_cursor"]
        if cursor is None:
            return


@pytest.mark.parametrize("limit", [100, 200])
def test_pages_hold_every_bar_of_the_library_exactly_once(limit: int, workspace: Settings) -> None:
    since, until = candles.parse_utc(SPAN["since"]), candles.parse_utc(SPAN["until"])
    request = candles.CandleRequest(Instrument("BTC"), Timeframe.H1, since, until, candles.Source.SAMPLE)
    bars = candles.load(request, workspace).bars
    rows = list(walk(limit))
    assert len(rows) == len(bars) == 31 * 24
    assert [row["open_time"] for row in rows] == [
        str(time) for time in bars.to_frame().index.strftime("%Y-%m-%dT%H:%M:%S")
    ]
    for name in ("open", "high", "low", "close", "volume"):
        assert [row[name] for row in rows] == getattr(bars, name).tolist()


@pytest.fixture
def holed(workspace: Settings) -> list[str]:
    """Open times of 45 imported hours of which three in the middle are missing."""
    hours = [f"2024-05-{1 + hour // 24:02d}T{hour % 24:02d}:00:00" for hour in range(48) if hour not in (20, 21, 22)]
    rows = "".join(f"{time}Z,{100 + i},{101 + i},{99 + i},{100.5 + i},7\n" for i, time in enumerate(hours))
    file = workspace.home / "holed.csv"
    file.write_text(f"open_time,open,high,low,close,volume\n{rows}", encoding="utf-8")
    twokey = str(Path(sys.executable).with_name("twokey"))
    subprocess.run([twokey, "data", "import", str(file), "--symbol", "BTC", "--timeframe", "1h"], check=True)
    return hours


def test_a_gap_in_real_bars_is_counted_and_not_filled(holed: list[str]) -> None:
    arguments = {"symbol": "BTC", "timeframe": "1h", "source": "cache", "since": "2024-05-01", "until": "2024-05-03"}
    got = answer(server, "market_get_bars", **arguments)
    assert (got["synthetic"], got["total"]) == (False, 45)
    assert (got["quality"]["gaps"], got["quality"]["missing_bars"]) == (1, 3)
    assert [row["open_time"] for row in got["rows"]] == holed


@pytest.mark.parametrize("mode", ERAS)
def test_a_separate_server_process_reports_source_synthetic_and_gaps(mode: str, tmp_path: Path) -> None:
    got = answer(own_process("market", tmp_path), "market_get_bars", mode, **ARGUMENTS, limit=2)
    assert got["synthetic"] is True
    assert "sample" in got["source"]
    assert got["quality"]["gaps"] == 0
    assert (got["total"], got["start"], got["end"]) == (744, "2023-01-01T00:00:00", "2023-01-31T23:00:00")
    assert "synthetic" in got["next_step"]


def test_the_longest_page_is_far_from_being_cut(workspace: Settings) -> None:
    assert len(text(call(server, "market_get_bars", ARGUMENTS | {"limit": 200}))) < MAX_CHARACTERS * 0.75


def test_a_cursor_of_another_span_is_refused(workspace: Settings) -> None:
    page = answer(server, "market_get_bars", **ARGUMENTS, limit=5)
    line = refusal(server, "market_get_bars", **(ARGUMENTS | {"symbol": "ETH"}), cursor=page["next_cursor"])
    assert "another request" in line


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"timeframe": "2d"}, "30m, 1h, 2h"),
        ({"symbol": ""}, "symbol"),
        ({"source": "smaple"}, "'sample'"),
        ({"since": "2023-02-01", "until": "2023-01-01"}, "2023-02-01"),
        ({"limit": 201}, "limit: found 201. Give at most 200."),
        ({"from": "2023-01-01"}, "has no argument 'from'"),
    ],
)
def test_invalid_arguments_are_rejected_with_the_allowed_values(
    workspace: Settings, changed: dict[str, Any], message: str
) -> None:
    assert message in refusal(server, "market_get_bars", **(ARGUMENTS | changed))


def test_symbols_are_found_offline_and_a_truncated_list_says_so(offline: Settings) -> None:
    found = answer(server, "market_search_symbols", text="btc", limit=1)
    assert found["symbols"][0]["symbol"] == "BTCUSDT"
    assert found["truncated"] is True
    assert "bundled" in found["source"]


def test_nothing_found_is_an_answer_and_says_what_to_try(offline: Settings) -> None:
    found = answer(server, "market_search_symbols", text="nosuchcoin")
    assert found["symbols"] == []
    assert "fewer letters" in found["next_step"]


def test_an_unavailable_source_is_named_with_an_alternative(offline: Settings) -> None:
    line = refusal(server, "market_get_bars", **(ARGUMENTS | {"source": "exchange"}))
    assert "binance did not answer" in line
    assert "source" in line


def test_the_offered_sources_match_the_library() -> None:
    (tool,) = (tool for tool in list_tools(server) if tool.name == "market_get_bars")
    offered = tool.input_schema["properties"]["source"]["enum"]
    assert offered == [source.value for source in candles.Source]
