"""All rows of a list come, whatever its pages are like."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from skills_lib.trades.sync.listings import INCOME, TRADES, WEEK_MS, rows_between, windows
from skills_lib.trades.sync.wire_rows import ListedIncome, ListedTrade

START = 1_000_000


def income(number: int, time_ms: int) -> ListedIncome:
    """An entry; its number does not grow with time."""
    kind = ("COMMISSION", "REALIZED_PNL")[number % 2]
    return ListedIncome(kind, "1", "USDT", START + time_ms, (number * 7_919) % 1_009 + 2**60, "BTCUSDT")


def trade(number: int, time_ms: int) -> ListedTrade:
    return ListedTrade("BTCUSDT", number, number, "BUY", "1", "1", "1", "0", "0", "USDT", START + time_ms, True)


class ListServer:
    """A list of the venue: by times, by id or by page; `shown` rows of each page are left in it, so it may be short."""

    def __init__(self, rows: list[Any], shown: list[int]) -> None:
        self._rows = sorted(rows, key=lambda row: row.time)
        self._shown, self.asked = shown, 0

    def read(self, _path: str, given: dict[str, Any], _weight: int, _kind: Any) -> Any:
        """A page."""
        self.asked += 1
        limit = given["limit"]
        if "fromId" in given:
            return [row for row in self._rows if row.id >= given["fromId"]][:limit]
        rows = [row for row in self._rows if given["startTime"] <= row.time <= given["endTime"]]
        if "page" in given:
            return rows[(given["page"] - 1) * limit :][:limit]
        shown = max(1, self._shown[self.asked % len(self._shown)]) if self._shown else limit
        ends = [row.time for row in rows[:limit]]
        short = rows[: min(limit, shown)]
        return short if len(set(ends)) > 1 and short[-1].time != ends[0] else rows[:limit]


TIMES = st.lists(st.integers(0, 12), max_size=40)


@given(TIMES, st.integers(1, 6), st.lists(st.integers(1, 6), max_size=3))
def test_every_entry_of_the_ledger_comes_once(times: list[int], limit: int, shown: list[int]) -> None:
    rows = [income(number, time) for number, time in enumerate(times)]
    found = rows_between(ListServer(rows, shown), INCOME, "", START, START + 12, limit)
    assert len(found) == len(rows)
    assert set(found) == set(rows)


@given(TIMES, st.integers(1, 6), st.lists(st.integers(1, 6), max_size=3))
def test_every_trade_comes_once(times: list[int], limit: int, shown: list[int]) -> None:
    rows = [trade(number, time) for number, time in enumerate(sorted(times))]
    found = rows_between(ListServer(rows, shown), TRADES, "BTCUSDT", START, START + 12, limit)
    assert found == rows


@given(st.integers(0, 10**12), st.integers(0, 20 * WEEK_MS))
def test_windows_cover_a_span_without_gap_or_overlap(start_ms: int, length_ms: int) -> None:
    found = list(windows(start_ms, start_ms + length_ms))
    assert (found[0][0], found[-1][1]) == (start_ms, start_ms + length_ms)
    assert all(last - first < WEEK_MS for first, last in found)
    assert all(one[1] + 1 == other[0] for one, other in pairwise(found))
