"""Whether a heartbeat still comes, by looks at its file."""

from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from live.control.heartbeat import Beat, has_ended
from live.watchdog.pulse import EVERY_NS, Heart, Pulse

SILENCE_NS = 10 * EVERY_NS


def looks(contents: Sequence[bytes | None], every_ns: int = EVERY_NS) -> list[Heart]:
    """What looks at these contents find, one after another."""
    pulse = Pulse(SILENCE_NS)
    return [pulse.look(content, place * every_ns) for place, content in enumerate(contents)]


def test_a_file_that_changes_beats() -> None:
    assert looks([b"%d" % number for number in range(100)]) == [Heart.BEATING] * 100


def test_ten_seconds_without_a_change_are_a_stop_and_not_one_second_less() -> None:
    found = looks([b"1"] * 12)
    assert found == [Heart.BEATING] * 10 + [Heart.STOPPED] * 2


def test_a_file_that_vanishes_has_stopped() -> None:
    assert looks([b"1", b"2", *[None] * 10])[-1] is Heart.STOPPED


def test_without_a_file_nobody_is_watched() -> None:
    assert set(looks([None] * 30)) == {Heart.WAITING}


def test_a_beat_after_a_silence_beats_again() -> None:
    assert looks([b"1"] * 9 + [b"2"] * 9)[-1] is Heart.BEATING


def test_an_orderly_end_is_no_stop() -> None:
    beat, end = (msgspec.json.encode(Beat(number, 0, process)) for number, process in ((5, 7), (6, 0)))
    assert set(looks([beat, *[end] * 30])[1:]) == {Heart.WAITING}
    assert not has_ended(b"0")
    assert not has_ended(b'{"process":0}'), "a beat is written whole"
    assert not has_ended(b'{"process":7')


def test_a_watchdog_that_was_stopped_itself_looks_again_before_it_closes() -> None:
    """An hour between two looks is not an hour without a heartbeat."""
    pulse = Pulse(SILENCE_NS)
    pulse.look(b"1", 0)
    assert pulse.look(b"1", 3_600 * EVERY_NS) is Heart.BEATING
    assert pulse.look(b"2", 3_601 * EVERY_NS) is Heart.BEATING


def test_what_was_dealt_with_is_not_closed_for_again_and_a_new_daemon_is_watched() -> None:
    pulse = Pulse(SILENCE_NS)
    for second in range(12):
        pulse.look(b"1", second * EVERY_NS)
    pulse.deal_with(b"1")
    assert pulse.look(b"1", 12 * EVERY_NS) is Heart.WAITING
    assert pulse.look(b"2", 13 * EVERY_NS) is Heart.BEATING


@given(st.lists(st.one_of(st.none(), st.binary(max_size=3)), max_size=60))
def test_it_never_stops_within_ten_seconds_of_a_change(contents: list[bytes | None]) -> None:
    found = looks(contents)
    for place, heart in enumerate(found):
        recent = {content for content in contents[max(0, place - 9) : place + 1] if content is not None}
        if len(recent) > 1:
            assert heart is not Heart.STOPPED
