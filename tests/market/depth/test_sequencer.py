"""The venue's documented steps, with the numbers of sequencer.py."""

from collections.abc import Callable

import msgspec
import pytest

from skills_lib.market.depth.book.compiled_local_book import CompiledLocalBook
from skills_lib.market.depth.book.local_book import MAX_BEHIND, LocalBook, Sync
from skills_lib.market.depth.causes import Cause
from skills_lib.market.depth.model import DepthUpdate, Snapshot, Venue, WireError, WireLevel
from skills_lib.market.depth.sequencer import (
    MAX_REMEMBERED,
    Sequencer,
    SpotSequencer,
    UpdateDecision,
    UpdateIds,
    UsdmSequencer,
)

BUFFER, STALE, APPLY, GAP = UpdateDecision.BUFFER, UpdateDecision.STALE, UpdateDecision.APPLY, UpdateDecision.GAP


def usdm(
    first: int,
    final: int,
    previous: int | None,
    bids: list[WireLevel] | None = None,
    asks: list[WireLevel] | None = None,
) -> DepthUpdate:
    """A USD-M update, with one bid at its id if no levels are given."""
    levels: list[WireLevel] = [(f"{final}.0", "1")] if bids is None else bids
    return DepthUpdate("BTCUSDT", 1, first, final, levels, asks or [], previous, 1)


def on_the_wire(update: DepthUpdate) -> bytes:
    """An update as the venue writes it, so that the compiled path reads it too."""
    chain = "" if update.previous_update_id is None else f'"pu":{update.previous_update_id},'
    bids, asks = (msgspec.json.encode(side).decode() for side in (update.bids, update.asks))
    return (
        f'{{"e":"depthUpdate","E":{update.event_ts_ms},"T":{update.event_ts_ms},"s":"{update.symbol}",'
        f'"U":{update.first_update_id},"u":{update.final_update_id},{chain}"b":{bids},"a":{asks}}}'
    ).encode()


def spot(first: int, final: int) -> DepthUpdate:
    """A spot update."""
    return DepthUpdate("BTCUSDT", 1, first, final, [(f"{final}.0", "1")], [])


def started(sequencer: Sequencer, last_update_id: int) -> Sequencer:
    """A sequencer after a snapshot."""
    sequencer.start(last_update_id)
    return sequencer


@pytest.mark.parametrize("sequencer", [UsdmSequencer(), SpotSequencer()])
def test_without_a_snapshot_updates_are_buffered(sequencer: Sequencer) -> None:
    assert sequencer.judge(usdm(1, 5, 0)) is BUFFER
    assert sequencer.judge(usdm(6, 95, 5)) is BUFFER
    assert sequencer.judge(usdm(99, 110, 98)) is GAP  # it begins a new chain
    assert sequencer.judge(usdm(111, 112, 110)) is BUFFER


@pytest.mark.parametrize(
    ("update", "decision"),
    [
        (usdm(90, 99, 80), STALE),  # U4: u < lastUpdateId
        (usdm(95, 100, 94), APPLY),  # U5: u = lastUpdateId
        (usdm(100, 105, 99), APPLY),  # U5: U = lastUpdateId
        (usdm(98, 105, 97), APPLY),  # U5: in between
        (usdm(103, 105, 100), APPLY),  # the snapshot was taken right after the event before
        (usdm(103, 105, 99), APPLY),  # and so it was here: 100 is an id of another symbol
        (usdm(103, 105, 102), GAP),  # the event that ends with 102 is missing
        (usdm(103, 105, None), GAP),  # no pu: not of USD-M
        (usdm(103, 102, 101), GAP),  # ends before it begins
    ],
)
def test_the_first_update_after_a_futures_snapshot_must_reach_over_it(
    update: DepthUpdate, decision: UpdateDecision
) -> None:
    assert started(UsdmSequencer(), 100).judge(update) is decision


@pytest.mark.parametrize(
    ("update", "decision"),
    [
        (usdm(111, 115, 110), APPLY),  # U6
        (usdm(120, 125, 110), APPLY),  # U6: ids in between belong to other symbols
        (usdm(99, 110, 98), STALE),  # came again
        (usdm(105, 110, 104), GAP),  # did not come before
        (usdm(99, 109, 98), GAP),
        (usdm(11, 15, 10), GAP),  # ids that start anew
        (usdm(111, 110, 110), GAP),
        (usdm(112, 115, 111), GAP),
        (usdm(106, 115, 105), GAP),
    ],
)
def test_futures_updates_are_chained_by_pu(update: DepthUpdate, decision: UpdateDecision) -> None:
    sequencer = started(UsdmSequencer(), 100)
    assert sequencer.judge(usdm(99, 110, 98)) is APPLY
    assert sequencer.judge(update) is decision
    assert sequencer.update_id == (
        None if decision is GAP else 115 if update.final_update_id == 115 else sequencer.update_id
    )


@pytest.mark.parametrize(
    ("update", "decision"),
    [
        (spot(90, 99), STALE),  # S5
        (spot(95, 100), STALE),  # S5: u = lastUpdateId adds nothing
        (spot(95, 101), APPLY),  # S5: lastUpdateId within [U;u]
        (spot(101, 105), APPLY),  # S7: U = update id + 1
        (spot(102, 105), GAP),  # S7: U > update id + 1
        (spot(105, 102), GAP),
    ],
)
def test_spot_updates_are_chained_by_their_first_id(update: DepthUpdate, decision: UpdateDecision) -> None:
    assert started(SpotSequencer(), 100).judge(update) is decision


@pytest.mark.parametrize("of", [lambda n: usdm(n + 1, n + 10, n), lambda n: spot(n + 1, n + 10)])
@pytest.mark.parametrize("opener", [LocalBook, CompiledLocalBook])
def test_a_repeat_is_proved_among_the_last_updates_only(
    of: Callable[[int], DepthUpdate], opener: Callable[[str, Venue], LocalBook]
) -> None:
    venue = Venue.USDM if of(0).previous_update_id is not None else Venue.SPOT
    book = opener("BTCUSDT", venue)
    book.load(Snapshot(1_000, [("99.0", "1")], [("9999999.0", "1")]))
    updates = [of(n) for n in range(1_000, 1_000 + 10 * (MAX_REMEMBERED + 5), 10)]
    raws = [on_the_wire(update) for update in updates]
    assert [book.receive_raw(raw) for raw in raws] == [APPLY] * len(raws)
    remembered = raws[-MAX_REMEMBERED:]
    assert [book.receive_raw(raw) for raw in remembered] == [STALE] * MAX_REMEMBERED
    assert (book.in_sync, book.sequencer.repeats) == (True, MAX_REMEMBERED)
    assert book.receive_raw(raws[0]) is GAP
    assert (book.in_sync, book.cause, book.sequencer.breaks) == (False, Cause.CHAIN_BREAK, 1)


@pytest.mark.parametrize("opener", [LocalBook, CompiledLocalBook])
def test_ids_that_start_anew_break_the_chain_and_a_snapshot_mends_it(
    opener: Callable[[str, Venue], LocalBook],
) -> None:
    book = opener("BTCUSDT", Venue.USDM)
    book.load(Snapshot(100_000, [("59999.9", "1")], [("60000.0", "1")]))
    assert book.receive_raw(on_the_wire(usdm(100_001, 100_010, 100_000, []))) is APPLY
    assert book.receive_raw(on_the_wire(usdm(1_001, 1_010, 1_000, []))) is GAP
    assert (book.in_sync, book.cause) == (False, Cause.CHAIN_BREAK)
    assert book.receive_raw(on_the_wire(usdm(1_011, 1_020, 1_010, []))) is BUFFER
    assert book.load(Snapshot(1_015, [("65999.9", "1")], [("66000.0", "1")])) is APPLY
    assert (book.in_sync, book.book.update_id) == (True, 1_020)


def test_a_chain_broken_while_waiting_begins_again_with_the_last_update() -> None:
    book = LocalBook("BTCUSDT", Venue.USDM)
    decisions = [book.receive(u) for u in (usdm(11, 20, 10), usdm(21, 30, 20), usdm(1, 5, 0), usdm(6, 9, 5))]
    assert decisions == [BUFFER, BUFFER, GAP, BUFFER]
    assert book.load(Snapshot(7, [("1.0", "1")], [("99.0", "1")])) is APPLY
    assert book.book.update_id == 9


@pytest.mark.parametrize("time_ms", [None, 1_000])
def test_a_snapshot_that_the_stream_never_reaches_is_not_believed(time_ms: int | None) -> None:
    book = LocalBook("BTCUSDT", Venue.USDM)
    book.load(Snapshot(100_000, [("59999.9", "1")], [("60000.0", "1")], transaction_ts_ms=time_ms))
    decisions = []
    for n in range(1_000, 1_000 + 10 * (MAX_BEHIND + 1), 10):
        late = DepthUpdate("BTCUSDT", n, n + 1, n + 10, [("65999.0", "1")], [], n, 1_000 + 10 * (n - 1_000))
        decisions.append(book.receive(late))
        if decisions[-1] is GAP:
            break
    assert decisions[-1] is GAP
    assert set(decisions[:-1]) == {STALE}
    assert (book.in_sync, book.cause) == (False, Cause.STALE_SNAPSHOT)
    assert len(decisions) == (MAX_BEHIND + 1 if time_ms is None else 12)


def test_updates_buffered_before_a_snapshot_may_all_be_older() -> None:
    book = LocalBook("BTCUSDT", Venue.SPOT)
    for n in range(1_000, 1_000 + 10 * 3 * MAX_BEHIND, 10):
        assert book.receive(spot(n + 1, n + 10)) is BUFFER
    assert book.load(Snapshot(50_000, [("99.0", "1")], [("9999999.0", "1")])) is APPLY
    assert book.in_sync


@pytest.mark.parametrize("opener", [LocalBook, CompiledLocalBook])
@pytest.mark.parametrize(
    ("bids", "asks", "cause"),
    [
        ([("101.0", "1")], [], Cause.CROSSED),  # locked
        ([("102.0", "1")], [], Cause.CROSSED),
        ([], [("98.0", "1")], Cause.CROSSED),
        ([("99.0", "0")], [], Cause.EMPTY_SIDE),
        ([], [("101.0", "0")], Cause.EMPTY_SIDE),
        ([("99.0", "-1")], [], Cause.MALFORMED),
        ([("99.0", "NaN")], [], Cause.MALFORMED),
        ([("0.0", "1")], [], Cause.MALFORMED),
    ],
)
def test_an_update_that_no_venue_sends_ends_sync(
    opener: Callable[[str, Venue], LocalBook], bids: list[WireLevel], asks: list[WireLevel], cause: Cause
) -> None:
    book = opener("BTCUSDT", Venue.USDM)
    book.load(Snapshot(100, [("99.0", "1")], [("101.0", "1")]))
    assert book.receive_raw(on_the_wire(usdm(101, 110, 100, []))) is APPLY
    assert book.receive_raw(on_the_wire(usdm(111, 120, 110, bids, asks))) is GAP
    assert (book.in_sync, book.cause, book.gaps) == (False, cause, 1)
    assert book.receive_raw(on_the_wire(usdm(121, 130, 120, [("98.0", "2")]))) is BUFFER
    assert book.load(Snapshot(125, [("99.0", "1")], [("101.0", "1")])) is APPLY
    assert book.book.top_text(2).bids == [("99.0", "1"), ("98.0", "2")]
    assert book.receive_raw(on_the_wire(usdm(131, 140, 130, [("98.0", "3")]))) is APPLY


@pytest.mark.parametrize("opener", [LocalBook, CompiledLocalBook])
def test_a_side_that_the_snapshot_shows_empty_is_the_venues(opener: Callable[[str, Venue], LocalBook]) -> None:
    book = opener("BTCUSDT", Venue.USDM)
    book.load(Snapshot(100, [("99.0", "1")], []))
    for n in (100, 110, 120):
        assert book.receive_raw(on_the_wire(usdm(n + 1, n + 10, n, [("98.0", str(n))]))) is APPLY
    assert book.in_sync


def test_a_crossed_snapshot_is_not_loaded_as_a_book() -> None:
    book = LocalBook("BTCUSDT", Venue.USDM)
    assert book.load(Snapshot(100, [("101.0", "1")], [("101.0", "1")])) is GAP
    assert (book.in_sync, book.cause) == (False, Cause.CROSSED)
    assert book.load(Snapshot(100, [("99.0", "1")], [("101.0", "1")])) is APPLY


def test_after_a_gap_updates_are_buffered_until_the_next_snapshot() -> None:
    sequencer = started(UsdmSequencer(), 100)
    assert [sequencer.judge(usdm(103, 105, 102)), sequencer.judge(usdm(106, 107, 105))] == [GAP, BUFFER]
    sequencer.start(106, [UpdateIds(106, 107, 105)])
    assert sequencer.judge(usdm(106, 107, 105)) is APPLY


def test_a_gap_in_pu_makes_the_book_untrusted_until_resync() -> None:
    book = LocalBook("BTCUSDT", Venue.USDM)
    book.load(Snapshot(100, [("99.0", "1")], [("9999.0", "1")]))
    assert book.receive(usdm(99, 110, 98)) is APPLY
    assert book.receive(usdm(113, 115, 112)) is GAP
    assert (book.sync, book.gaps) == (Sync.OUT_OF_SYNC, 1)
    assert "115 does not follow 110" in book.reason
    assert book.receive(usdm(116, 120, 115)) is BUFFER
    assert book.load(Snapshot(117, [("99.0", "2")], [("9999.0", "1")])) is APPLY
    assert (book.in_sync, book.reason, book.book.update_id) == (True, "", 120)


def test_a_snapshot_older_than_what_was_buffered_is_not_enough() -> None:
    book = LocalBook("BTCUSDT", Venue.SPOT)
    assert book.receive(spot(110, 112)) is BUFFER
    assert book.load(Snapshot(100, [], [])) is GAP  # S4
    assert not book.in_sync
    assert book.load(Snapshot(111, [], [])) is APPLY
    assert book.book.update_id == 112


def test_a_book_in_sync_needs_no_snapshot() -> None:
    book = LocalBook("BTCUSDT", Venue.SPOT)
    book.load(Snapshot(100, [("99.0", "1")], []))
    assert book.load(Snapshot(50, [("1.0", "1")], [])) is STALE
    assert book.book.top_text(1).bids == [("99.0", "1")]


@pytest.mark.parametrize("opener", [LocalBook, CompiledLocalBook])
def test_a_snapshot_received_in_sync_is_used_where_the_chain_breaks_behind_it(
    opener: Callable[[str, Venue], LocalBook],
) -> None:
    book = opener("BTCUSDT", Venue.USDM)
    book.load(Snapshot(100, [("99.0", "1")], [("101.0", "1")]))
    assert book.receive(usdm(101, 110, 100, [])) is APPLY
    assert book.load(Snapshot(500, [("199.0", "1")], [("201.0", "1")])) is STALE
    assert book.receive(usdm(111, 120, 110, [])) is APPLY  # still in the chain: the snapshot is not needed yet
    assert book.receive(usdm(501, 510, 500, [("199.5", "1")])) is GAP
    assert (book.in_sync, book.book.update_id, book.gaps) == (True, 510, 1)
    assert book.book.top_text(2).bids == [("199.5", "1"), ("199.0", "1")]
    assert book.receive(usdm(511, 520, 510, [])) is APPLY


def test_a_snapshot_received_in_sync_that_does_not_continue_is_not_used() -> None:
    book = LocalBook("BTCUSDT", Venue.USDM)
    book.load(Snapshot(100, [("99.0", "1")], [("101.0", "1")]))
    book.load(Snapshot(500, [("199.0", "1")], [("201.0", "1")]))
    assert book.receive(usdm(601, 610, 600, [])) is GAP
    assert not book.in_sync


def test_an_update_of_another_symbol_never_reaches_a_book() -> None:
    book = LocalBook("ETHUSDT", Venue.SPOT)
    with pytest.raises(WireError, match="Update for BTCUSDT received by the book of ETHUSDT"):
        book.receive(spot(1, 2))
