"""The venue's documented steps, with the numbers of sequencer.py."""

import pytest

from skills_lib.market.depth.book.local_book import LocalBook, Sync
from skills_lib.market.depth.model import DepthUpdate, Snapshot, Venue, WireError
from skills_lib.market.depth.sequencer import Sequencer, SpotSequencer, UpdateDecision, UsdmSequencer

BUFFER, STALE, APPLY, GAP = UpdateDecision.BUFFER, UpdateDecision.STALE, UpdateDecision.APPLY, UpdateDecision.GAP


def usdm(first: int, final: int, previous: int | None) -> DepthUpdate:
    """A USD-M update with one bid named after its id."""
    return DepthUpdate("BTCUSDT", 1, first, final, [(f"{final}.0", "1")], [], previous, 1)


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
    assert sequencer.judge(usdm(90, 95, 80)) is BUFFER


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
        (usdm(105, 110, 104), STALE),  # came again
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


def test_after_a_gap_updates_are_buffered_until_the_next_snapshot() -> None:
    sequencer = started(UsdmSequencer(), 100)
    assert [sequencer.judge(usdm(103, 105, 102)), sequencer.judge(usdm(106, 107, 105))] == [GAP, BUFFER]
    sequencer.start(106)
    assert sequencer.judge(usdm(106, 107, 105)) is APPLY


def test_a_gap_in_pu_makes_the_book_untrusted_until_resync() -> None:
    book = LocalBook("BTCUSDT", Venue.USDM)
    book.load(Snapshot(100, [("99.0", "1")], [("101.0", "1")]))
    assert book.receive(usdm(99, 110, 98)) is APPLY
    assert book.receive(usdm(113, 115, 112)) is GAP
    assert (book.sync, book.gaps) == (Sync.OUT_OF_SYNC, 1)
    assert "115 does not follow 110" in book.reason
    assert book.receive(usdm(116, 120, 115)) is BUFFER
    assert book.load(Snapshot(117, [("99.0", "2")], [("101.0", "1")])) is APPLY
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


def test_an_update_of_another_symbol_never_reaches_a_book() -> None:
    book = LocalBook("ETHUSDT", Venue.SPOT)
    with pytest.raises(WireError, match="Update for BTCUSDT received by the book of ETHUSDT"):
        book.receive(spot(1, 2))
