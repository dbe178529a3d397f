"""A person adopts a position: while a run goes on, and for the start of the next one."""

from dataclasses import replace
from pathlib import Path

import pytest

from live.account.reads import HeldPosition
from live.client.wire import S
from live.control.folder import SessionFolder
from live.daemon.adopting import adoption_at_start, decision_of, forget_decision, keep_decision
from live.daemon.opening import check_start
from live.daemon.recovery import recover
from live.engine.decided import Adopted
from live.engine.events import Command, Started
from live.enums import PositionSide
from live.journal.replaying import replay_journal
from live.journal.settings import Fsync
from live.money import SCALE, parse
from live.session.session import finish
from skills_lib.domain.errors import CorruptDataError, TwokeyError
from tests.live.daemon.hosts import Hosted
from tests.live.daemon.test_live_run import buy_by_hand
from tests.live.daemon.test_opening import SIMULATOR
from tests.live.simulator.venue_client import VenueClient

SYMBOL = "BTCUSDT"
FAR_AWAY = {"hold_ms": 12_000, "target_bps": 500 * SCALE, "stop_bps": 500 * SCALE}
"""Target and stop, so that the longest hold closes the position."""
HELD = HeldPosition(SYMBOL, PositionSide.BOTH, parse("0.1"))


def by_hand(hosted: Hosted, path: str, **fields: str) -> None:
    """Somebody else sends a request."""
    hosted.venue.request(VenueClient(hosted.venue).make("POST", path, symbol=SYMBOL, **fields))


def protect_by_hand(hosted: Hosted) -> None:
    """A stop of somebody else, which closes the position and would have ours refused, and an order that rests."""
    order = {"side": "SELL", "type": "STOP_MARKET", "algoType": "CONDITIONAL", "closePosition": "true"}
    by_hand(hosted, "/fapi/v1/algoOrder", triggerPrice="50000.0", clientAlgoId="web_stop", **order)
    limit = {"side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.100", "price": "57500.0"}
    by_hand(hosted, "/fapi/v1/order", newClientOrderId="web_order", **limit)


@pytest.fixture
def disturbed(tmp_path: Path) -> Hosted:
    """A run in whose symbol somebody else has bought."""
    hosted = Hosted(tmp_path / "1aaaaaa.journal", seed=3, steps=60, **FAR_AWAY)
    hosted.run.start()
    hosted.run.command(Command.PAUSE, "test")
    hosted.advance(2 * S)
    buy_by_hand(hosted.venue)
    hosted.advance(6 * S)
    assert hosted.run.state.positions[SYMBOL].foreign
    return hosted


def adopt(hosted: Hosted, symbol: str = SYMBOL) -> list[Adopted | str]:
    """What comes of an adoption: its event, or why it was refused."""
    found: list[Adopted | str] = []
    hosted.run.adopt(symbol, found.append, lambda error: found.append(str(error)))
    hosted.advance(5 * S)
    return found


def test_an_adopted_position_is_covered_by_one_stop_of_the_run_and_closed_by_its_rules(disturbed: Hosted) -> None:
    (event,) = adopt(disturbed)
    position = disturbed.run.state.positions[SYMBOL]
    assert isinstance(event, Adopted)
    assert disturbed.rests == [f"{position.id}S"]
    disturbed.advance(9 * S)
    assert not disturbed.holds, "after the longest hold"
    assert not disturbed.rests
    disturbed.run.stop("test")
    disturbed.play_until_over()
    assert disturbed.end.clean
    assert replay_journal(disturbed.journal).unwritten == 0


def test_orders_and_stops_of_others_are_cancelled_first_so_that_there_is_exactly_one_stop(disturbed: Hosted) -> None:
    protect_by_hand(disturbed)
    disturbed.advance(S)
    assert sorted(disturbed.rests) == ["web_order", "web_stop"]
    adopt(disturbed)
    assert disturbed.rests == [f"{disturbed.run.state.positions[SYMBOL].id}S"]


def test_what_is_refused_changes_nothing_not_even_the_orders_of_others(disturbed: Hosted) -> None:
    by_hand(disturbed, "/fapi/v1/order", side="BUY", type="MARKET", quantity="0.100")
    disturbed.advance(6 * S)
    protect_by_hand(disturbed)
    disturbed.advance(S)
    (text,) = adopt(disturbed)
    assert "position would be" in str(text)
    assert sorted(disturbed.rests) == ["web_order", "web_stop"]
    assert disturbed.run.state.positions[SYMBOL].foreign
    (text,) = adopt(disturbed, "ETHUSDT")
    assert "is not traded in this run" in str(text)


def test_a_run_that_crashed_after_an_adoption_goes_on_with_the_position_and_its_stop(disturbed: Hosted) -> None:
    adopt(disturbed)
    name = disturbed.run.state.positions[SYMBOL].id
    disturbed.crash()
    recovered = recover(disturbed.journal, Fsync.NEVER)
    assert recovered is not None
    disturbed.go_on(recovered)
    disturbed.advance(2 * S)
    assert disturbed.run.state.positions[SYMBOL].id == name
    assert disturbed.rests == [f"{name}S"]


def test_while_the_exchange_does_not_answer_nothing_is_adopted(tmp_path: Path) -> None:
    fault = {"kind": "answer", "reply": "unknown_503", "path": "/fapi/v3/positionRisk", "when": {"at_ms": 7_000}}
    hosted = Hosted(tmp_path / "1aaaaaa.journal", [fault | {"end": {"never": True}}], seed=3, steps=60)
    hosted.run.start()
    hosted.advance(8 * S)
    (text,) = adopt(hosted)
    assert "The position is not known" in str(text)


def start_with(hosted: Hosted, adopted: HeldPosition) -> Adopted:
    """What a new run begins with, if every check passes."""
    now = lambda: hosted.wire.now_ns  # noqa: E731 - shorter than a function of its own
    ready = finish(hosted.wire, hosted.calls, check_start(SIMULATOR, "1aaaaab", now, adopted))
    settings = SIMULATOR.imbalance
    started = Started(now(), "1aaaaab", SIMULATOR.capital, settings, SIMULATOR.limits, ready.contracts)
    decision = decision_of(kept(hosted.journal.parent, adopted))
    assert decision is not None
    return finish(hosted.wire, hosted.calls, adoption_at_start(decision, started, now))


def kept(home: Path, position: HeldPosition) -> SessionFolder:
    """A session in which a decision is kept."""
    folder = SessionFolder.of(home, "simulator")
    keep_decision(folder, position, 5)
    return folder


@pytest.fixture
def before(tmp_path: Path) -> Hosted:
    """An account in which somebody has bought, with margin and leverage that a run may have, and no run."""
    hosted = Hosted(tmp_path / "1aaaaaa.journal", seed=3, steps=60)
    by_hand(hosted, "/fapi/v1/marginType", marginType="ISOLATED")
    by_hand(hosted, "/fapi/v1/leverage", leverage="5")
    hosted.venue.advance(hosted.wire.now_ns + S)
    buy_by_hand(hosted.venue)
    protect_by_hand(hosted)
    hosted.venue.advance(hosted.wire.now_ns + S)
    return hosted


def test_a_start_takes_the_position_that_was_decided_on_and_cancels_what_rests_beside_it(before: Hosted) -> None:
    event = start_with(before, HELD)
    assert (event.symbol, event.quantity) == (SYMBOL, parse("0.1"))
    assert not before.rests


def test_a_start_refuses_a_position_of_another_size_than_the_decision(before: Hosted) -> None:
    for changed in (replace(HELD, quantity=parse("0.2")), replace(HELD, symbol="ETHUSDT")):
        with pytest.raises(TwokeyError, match=r"nothing_foreign: BTCUSDT 0\.1.*twokey live adopt"):
            start_with(before, changed)
    assert sorted(before.rests) == ["web_order", "web_stop"]


def test_a_decision_is_kept_until_a_run_has_begun_with_it(tmp_path: Path) -> None:
    folder = SessionFolder.of(tmp_path, "simulator")
    assert decision_of(folder) is None
    kept(tmp_path, HELD)
    decision = decision_of(folder)
    assert decision is not None
    assert decision.position == HELD
    forget_decision(folder)
    assert decision_of(folder) is None


@pytest.mark.parametrize("content", [b"", b"{}", b'{"symbol":"BTCUSDT","quantity":"1e3","time_ns":1}', b"\xff"])
def test_a_decision_that_cannot_be_read_adopts_nothing(tmp_path: Path, content: bytes) -> None:
    folder = kept(tmp_path, HELD)
    (folder.root / "adopted.json").write_bytes(content)
    with pytest.raises(CorruptDataError, match="decide again"):
        decision_of(folder)


def test_the_capital_of_the_settings_is_that_of_these_tests() -> None:
    assert SIMULATOR.capital == 40_000 * SCALE
