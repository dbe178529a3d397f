"""Closed bars of a symbol: each is settled once, in order, and only as the exchange has it in the end."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.bars.klines import ClosedBar, bars_of, closed_bar_of
from live.bars.series import AGAIN_MS, BarSeries, Doubt, Settled
from live.bars.strategy import BarStrategy
from live.engine.settings import BarSettings
from live.money import SCALE
from skills_lib.domain.errors import InputError

MINUTE = 60_000
START = 1_723_161_240_000 // MINUTE * MINUTE


def bar(number: int, close: int = 100) -> ClosedBar:
    """The bar of a minute."""
    return ClosedBar(START + number * MINUTE, 100 * SCALE, 120 * SCALE, 80 * SCALE, close * SCALE, SCALE)


def loaded(bars: int = 3, history: int = 10) -> BarSeries:
    """A series that begins with some bars; the next is open."""
    series = BarSeries(MINUTE, history)
    now = START + bars * MINUTE + 5_000
    assert series.load([bar(number) for number in range(bars + 1)], now, now, whole=True) == ()
    return series


def closed_ms(number: int, after: int = 100) -> int:
    """So long after the close of a bar."""
    return START + (number + 1) * MINUTE + after


def opens(found: Settled) -> list[int]:
    return [(one.open_ms - START) // MINUTE for one in found.bars]


def test_a_bar_is_settled_when_stream_and_list_say_the_same() -> None:
    series = loaded()
    assert series.on_stream(bar(3))
    found = series.on_list([bar(2), bar(3)], closed_ms(3))
    assert (opens(found), found.doubts, found.waits) == ([3], (), False)
    assert not series.on_stream(bar(3)), "it is settled"


def test_an_open_bar_is_not_taken_for_a_closed_one_even_if_two_answers_agree() -> None:
    series = loaded()
    for wait in (2_000, 4_000, 10_000):
        assert series.on_list([bar(2), bar(3)], closed_ms(2, wait)).bars == ()
    found = [series.on_list([bar(2), bar(3)], closed_ms(3, wait)) for wait in (2_900, 3_000, 3_999, 4_000)]
    assert [opens(one) for one in found] == [[], [], [], [3]]


def test_a_later_bar_in_the_list_shows_that_one_has_closed() -> None:
    series = loaded()
    rows = [bar(2), bar(3), bar(4)]
    assert [opens(series.on_list(rows, closed_ms(3, after))) for after in (10, 1_009, 1_010)] == [[], [], [3]]


def test_where_both_differ_the_list_is_taken_when_it_says_so_twice() -> None:
    series = loaded()
    series.on_stream(bar(3, 101))
    found = [series.on_list([bar(2), bar(3, close)], closed_ms(3, after)) for close, after in (
        (102, 100), (103, 1_200), (103, 2_100), (103, 2_200)
    )]  # fmt: skip
    assert [opens(one) for one in found] == [[], [], [], [3]]
    assert [one.doubts for one in found] == [(Doubt("bars_differ", bar(3).open_ms, 1),), (), (), ()]
    assert series.bars[-1] == bar(3, 103)


def test_a_list_that_lags_behind_the_stream_is_asked_until_it_says_the_same() -> None:
    series = loaded()
    series.on_stream(bar(3, 101))
    assert series.on_list([bar(2)], closed_ms(3)).waits
    assert opens(series.on_list([bar(2), bar(3, 101)], closed_ms(3, 200))) == [3]


def test_bars_that_the_list_lacks_are_named_and_the_next_is_taken_after_a_second_answer() -> None:
    series = loaded()
    series.on_stream(bar(6))
    first = series.on_list([bar(2), bar(6)], closed_ms(6))
    assert (first.bars, first.doubts) == ((), (Doubt("bars_missing", bar(3).open_ms, 3),))
    second = series.on_list([bar(2), bar(6)], closed_ms(6, 100 + AGAIN_MS))
    assert (opens(second), second.doubts) == ([6], ())


def test_a_settled_bar_that_the_list_changes_is_changed_and_named() -> None:
    series = loaded()
    series.on_stream(bar(3))
    found = series.on_list([bar(2, 111), bar(3)], closed_ms(3))
    assert found.doubts == (Doubt("bars_changed", bar(2).open_ms, 1),)
    assert [one.close // SCALE for one in series.bars] == [100, 100, 111, 100]


def test_a_history_begins_with_bars_that_have_certainly_closed() -> None:
    for after, count in ((0, 4), (2_999, 4), (3_000, 5)):
        series = BarSeries(MINUTE, 10)
        series.load([bar(number) for number in range(5)], closed_ms(4, after), closed_ms(4, after), whole=True)
        assert len(series.bars) == count


def test_a_run_that_goes_on_begins_with_the_bars_it_had_decided_on() -> None:
    series = BarSeries(MINUTE, 3)
    rows = [bar(number) for number in range(8)]
    assert series.load(rows, closed_ms(6, 500), closed_ms(4, 0), whole=False) == ()
    assert (len(series.bars), series.next_ms) == (5, bar(5).open_ms)


def test_bars_for_which_the_strategy_would_not_see_its_history_are_skipped_and_named() -> None:
    series = BarSeries(MINUTE, 6)
    rows = [bar(number) for number in range(8)]
    found = series.load(rows, closed_ms(6, 500), closed_ms(1, 0), whole=False)
    assert found == (Doubt("bars_skipped", bar(2).open_ms, 4),)
    assert series.next_ms == bar(6).open_ms
    whole = BarSeries(MINUTE, 6)
    assert whole.load(rows, closed_ms(6, 500), closed_ms(1, 0), whole=True) == ()
    assert whole.next_ms == bar(2).open_ms


def test_a_symbol_without_history_begins_with_its_first_bar() -> None:
    series = BarSeries(MINUTE, 10)
    series.load([], closed_ms(0), closed_ms(0), whole=True)
    assert series.next_ms == 0
    series.load([bar(1)], closed_ms(0), closed_ms(0), whole=True)
    assert (series.next_ms, series.known_ms) == (bar(1).open_ms, bar(1).open_ms)
    series.on_stream(bar(1))
    assert opens(series.on_list([bar(1)], closed_ms(1))) == [1]


@given(st.data())
def test_whatever_is_lost_or_late_the_bars_settled_are_the_true_ones_in_their_order(data: st.DataObject) -> None:
    """The list may be behind for less than `AGAIN_MS` after a close; the stream may lose frames, or be wrong."""
    closes = data.draw(st.lists(st.integers(81, 119), min_size=6, max_size=12))
    truth = [bar(number, close) for number, close in enumerate(closes)]
    series, settled, now = loaded_with(truth[:3]), list[ClosedBar](), closed_ms(2, 5_000)
    for number in range(3, len(truth)):
        streamed = data.draw(st.sampled_from(["same", "lost", "wrong"]))
        now = max(now, closed_ms(number, data.draw(st.integers(0, 3_000))))
        if streamed != "lost":
            series.on_stream(truth[number] if streamed == "same" else bar(number, 80))
        for _ in range(data.draw(st.integers(0, 4))):
            behind = now < closed_ms(number, AGAIN_MS) and data.draw(st.booleans())
            shown = truth[: number + 1] if not behind else [*truth[:number], bar(number, 120)]
            settled += series.on_list(shown[2:], now).bars
            now += data.draw(st.integers(1, 2_000))
    now = max(now, closed_ms(len(truth) - 1, 5_000))
    for after in (0, AGAIN_MS):
        settled += series.on_list(truth[2:], now + after).bars
    assert settled == truth[3:]
    assert list(series.bars) == truth


def loaded_with(bars: list[ClosedBar]) -> BarSeries:
    series = BarSeries(MINUTE, 10)
    now = closed_ms(len(bars) - 1, 5_000)
    series.load(bars, now, now, whole=True)
    return series


KLINE = {"t": START, "T": START + 59_999, "s": "BTCUSDT", "i": "1m", "f": 1, "L": 2, "o": "100.1", "c": "101",
         "h": "102.00", "l": "99.9", "v": "1.5", "n": 2, "x": True, "q": "1", "V": "1", "Q": "1", "B": "0"}  # fmt: skip


def frame(**changes: object) -> bytes:
    event = {"e": "kline", "E": 1, "s": "BTCUSDT", "k": KLINE | changes}
    return msgspec.json.encode({"stream": "btcusdt@kline_1m", "data": event})


def test_a_closed_frame_is_a_bar() -> None:
    expected = ClosedBar(START, 10_010_000_000, 10_200_000_000, 9_990_000_000, 10_100_000_000, 150_000_000)
    assert closed_bar_of(frame(), "1m") == ("BTCUSDT", expected)
    row = [START, "100.1", "102.00", "99.9", "101", "1.5", START + 59_999, "1", 2, "1", "1", "0"]
    assert bars_of(msgspec.json.encode([row])) == [expected]


@pytest.mark.parametrize("data", [
    frame(x=False), frame(i="3m"), frame(o="nan"), frame(h="1"), frame(l="0"), frame(v="-1"), frame(c="1e3"),
    frame()[:-5], b"", b"[]", b"\xff", b'{"stream":"btcusdt@depth","data":{"e":"depthUpdate"}}',
])  # fmt: skip
def test_any_other_frame_says_nothing(data: bytes) -> None:
    assert closed_bar_of(data, "1m") is None


@pytest.mark.parametrize("body", [
    b"", b"{}", b"[[]]", b'[["1","1","1","1","1","1"]]', b'[[1,"2","1","1","1","1"]]', b'[[1,"1","1","1"]]', b"\xff",
    b'[[2,"1","1","1","1","1"],[1,"1","1","1","1","1"]]', b'[[1,"1","1","1","1","1"],[1,"1","1","1","1","1"]]',
    b"[" * 5_000,
])  # fmt: skip
def test_an_answer_that_is_no_list_of_bars_is_none(body: bytes) -> None:
    assert bars_of(body) is None


@pytest.mark.parametrize(("changes", "text"), [
    ({"timeframe": "7m"}, "Unknown timeframe '7m'"),
    ({"history_bars": 1}, "history_bars is 1. Give a number from 2 to 1499."),
    ({"history_bars": 1_500}, "history_bars is 1500. Give a number from 2 to 1499."),
])  # fmt: skip
def test_settings_that_the_exchange_cannot_serve_are_refused(changes: dict[str, object], text: str) -> None:
    settings = msgspec.structs.replace(BarSettings(strategy="s", timeframe="1m"), **changes)
    with pytest.raises(InputError, match=text):
        BarStrategy(settings, lambda bars, done: None)
