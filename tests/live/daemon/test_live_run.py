"""A run at the exchange in process: its commands, what kills it, and that it always ends flat."""

import os
from pathlib import Path
from typing import Any

import pytest

from live.binance.requests import RequestWriter
from live.client.engine_client import EngineClient
from live.client.market_streams import MarketStreams
from live.client.user_stream import UserStream
from live.client.wire import S
from live.daemon.recovery import recover
from live.daemon.runs import last_run
from live.engine.actions import Action
from live.engine.events import CarriedOver, Command, Event
from live.journal.replaying import replay_journal
from live.journal.settings import Fsync
from live.money import SCALE
from live.session.session import EngineSession
from live.simulator.latency import NONE
from live.simulator.venue import LocalVenue
from live.wire import HttpRequest
from skills_lib.trades.journal.reading import read_journal
from tests.live.daemon.hosts import Hosted
from tests.live.daemon.lives import RUN, SETTINGS
from tests.live.simulator.venue_client import VenueClient

NEVER_CLOSES = {"hold_ms": 600_000, "target_bps": 500 * SCALE, "stop_bps": 500 * SCALE}
HELD = {"when": {"condition": "position_open"}}


@pytest.fixture
def hosted(tmp_path: Path) -> Hosted:
    """A run that holds a position with its stop."""
    made = Hosted(tmp_path / "1aaaaaa.journal")
    made.play_until_held()
    return made


def orders_of(hosted: Hosted) -> list[str]:
    """Ids in the journal, in their order."""
    records = [record for record in read_journal(hosted.journal) if record.kind == "order_intent"]
    return [record.body["approved"]["intent"]["client_id"] for record in records]


def test_a_stop_closes_what_the_run_holds_proves_it_and_says_so_in_the_journal(hosted: Hosted) -> None:
    hosted.run.stop("test")
    hosted.play_until_over(60 * S)
    assert hosted.end.clean
    assert (hosted.end.answer.flat, hosted.end.answer.verified_reads) == (True, 2)
    assert [one.ours for one in hosted.end.answer.closed] == [True]
    assert not hosted.holds
    assert not hosted.rests
    assert not hosted.host.latches
    last = last_run(hosted.journal.parent)
    assert last is not None
    assert last.carried is not None
    assert last.carried.trades == hosted.run.state.day.trades
    assert replay_journal(hosted.journal).unwritten == 0


def test_a_stop_leaves_the_position_of_somebody_else_alone(tmp_path: Path) -> None:
    hosted = Hosted(tmp_path / "1aaaaaa.journal", seed=3, steps=40)
    hosted.run.start()
    hosted.advance(S)
    hosted.run.command(Command.PAUSE, "test")
    buy_by_hand(hosted.venue)
    hosted.advance(10 * S)
    hosted.run.stop("test")
    hosted.play_until_over(60 * S)
    assert hosted.holds
    assert hosted.end.clean


def test_behind_a_frozen_user_stream_a_position_of_an_idle_symbol_is_found_within_a_minute(tmp_path: Path) -> None:
    frozen = {"kind": "freeze", "stream": "user", "when": {"at_ms": 0}, "end": {"never": True}}
    hosted = Hosted(tmp_path / "1aaaaaa.journal", [frozen], seed=3, steps=40)
    hosted.run.start()
    hosted.run.command(Command.PAUSE, "test")
    hosted.advance(5 * S)
    buy_by_hand(hosted.venue)
    hosted.advance(20 * S)
    assert hosted.run.state.latch is None
    hosted.advance(60 * S)
    assert hosted.run.state.latch is not None
    assert hosted.run.state.positions["BTCUSDT"].quantity == SCALE // 10


def test_a_kill_is_latched_before_anything_else_and_closes_what_somebody_else_holds_too(hosted: Hosted) -> None:
    buy_by_hand(hosted.venue, "ETHUSDT")
    hosted.advance(S)
    sent = len(hosted.host.sent)
    hosted.run.kill("test")
    hosted.play_until_over(60 * S)
    assert (hosted.host.latches, hosted.host.sent_before) == (["test"], [sent])
    assert len(hosted.host.sent) > sent
    assert hosted.end.clean
    assert (hosted.end.answer.flat, hosted.end.answer.verified_reads) == (True, 2)
    assert not hosted.holds
    assert not hosted.rests


def test_the_seconds_of_a_kill_are_those_until_flat_and_not_those_of_its_proof(hosted: Hosted) -> None:
    begun_ns = hosted.venue.now_ns
    hosted.run.kill("test")
    while hosted.holds:
        hosted.advance(S // 1_000)
    flat_ns = hosted.venue.now_ns - begun_ns
    hosted.play_until_over(60 * S)
    assert flat_ns / S <= hosted.end.answer.seconds < flat_ns / S + 1
    assert hosted.venue.now_ns - begun_ns > flat_ns + 5 * S


def test_a_run_decides_what_the_engine_decides_without_a_daemon(tmp_path: Path) -> None:
    """Without delays: then what the daemon reads beside the engine changes nothing that the engine is given."""
    hosted, bare = (
        Hosted(tmp_path / name, venue={"inbound": NONE, "outbound": NONE})
        for name in ("1aaaaaa.journal", "1aaaaab.journal")
    )
    hosted.run.start()
    hosted.advance(hosted.calm_from_ns - hosted.wire.now_ns)
    engine, contracts = bare.run.engine, {name: market.contract for name, market in bare.run.state.markets.items()}
    streams, user = MarketStreams(bare.wire, bare.symbols, SETTINGS.depth), UserStream(bare.wire, bare.calls)
    session = EngineSession(
        bare.wire, EngineClient(bare.wire, RequestWriter(bare.calls, contracts), engine, streams, user)
    )
    session.start()
    session.advance(bare.calm_from_ns)
    assert hosted.run.state.day.trades > 1
    assert hosted.run.engine.decisions_sha256 == engine.decisions_sha256
    hosted.run.engine.journal.flush(hosted.wire.now_ns)
    assert replay_journal(hosted.journal).decisions_sha256 == engine.decisions_sha256


def test_nothing_enters_after_a_pause_until_it_is_resumed(tmp_path: Path) -> None:
    hosted = Hosted(tmp_path / "1aaaaaa.journal")
    hosted.run.start()
    hosted.run.command(Command.PAUSE, "test")
    hosted.advance(hosted.calm_from_ns - hosted.wire.now_ns)
    assert not hosted.host.sent
    resumed = Hosted(tmp_path / "1aaaaab.journal")
    resumed.run.start()
    resumed.run.command(Command.PAUSE, "test")
    resumed.run.command(Command.RESUME, "test")
    resumed.advance(resumed.calm_from_ns - resumed.wire.now_ns)
    assert resumed.host.sent


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "refuse_connect", "what": "all", "end": {"duration_ms": 40_000}},
        {"kind": "lose_request", "method": "POST", "path": "/fapi/v1/order", "end": {"duration_ms": 40_000}},
        {"kind": "answer", "reply": "unknown_503", "method": "*", "path": "*", "end": {"duration_ms": 40_000}},
        {"kind": "answer", "reply": "banned_418", "method": "*", "path": "*", "end": {"count": 1}},
    ],
)
def test_a_kill_goes_on_through_an_outage(fault: dict[str, Any], tmp_path: Path) -> None:
    hosted = Hosted(tmp_path / "1aaaaaa.journal", [fault | HELD])
    hosted.run.start()
    while not hosted.holds:
        hosted.advance(S // 20)
    hosted.run.kill("test")
    hosted.play_until_over(600 * S)
    assert hosted.end.answer.flat
    assert not hosted.holds
    assert not hosted.rests


def test_where_the_journal_breaks_no_order_of_the_engine_leaves_and_the_account_is_closed(hosted: Hosted) -> None:
    """`/dev/full` takes no byte."""
    known = orders_of(hosted)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, hosted.sink._descriptor)
    hosted.play_until_over(120 * S)
    assert not hosted.holds
    assert not hosted.rests
    assert hosted.host.latches[0].startswith("journal: ")
    assert {name for name in hosted.host.sent if name.startswith(f"{RUN}-")} <= set(known)
    assert hosted.host.defects[0] == "JournalError"


def test_where_the_engine_fails_the_account_is_closed_without_it(hosted: Hosted) -> None:
    def fails(event: Event) -> list[Action]:
        raise ZeroDivisionError

    hosted.run.engine.step = fails  # type: ignore[method-assign]
    hosted.play_until_over(120 * S)
    assert hosted.host.latches == ["defect: ZeroDivisionError"]
    assert hosted.end.answer.flat
    assert not hosted.holds
    assert not hosted.rests


@pytest.mark.parametrize("name", ["latch", "closing", "said", "happened", "defect"])
def test_a_process_that_fails_when_it_is_let_know_keeps_no_kill_from_its_end(name: str, hosted: Hosted) -> None:
    def fails(*_: Any) -> None:
        raise OSError("no process can be made")

    setattr(hosted.host, name, fails)
    hosted.run.fail(ZeroDivisionError())
    hosted.play_until_over(120 * S)
    assert hosted.end.answer.flat
    assert not hosted.holds
    assert not hosted.rests


def test_where_the_journal_breaks_at_the_start_of_a_run_that_goes_on_the_account_is_closed(hosted: Hosted) -> None:
    hosted.crash()
    recovered = recover(hosted.journal, Fsync.NEVER)
    assert recovered is not None
    recovered.writer._sink.close()
    hosted.go_on(recovered)
    hosted.play_until_over(120 * S)
    assert hosted.host.latches[0].startswith("journal: ")
    assert not hosted.holds


def test_a_position_without_market_data_is_closed(tmp_path: Path) -> None:
    hosted = Hosted(tmp_path / "1aaaaaa.journal", **NEVER_CLOSES)
    hosted.play_until_held()
    hosted.run.client.market.stop()  # type: ignore[attr-defined]
    hosted.play_until_over(120 * S)
    assert hosted.host.latches[0].startswith("stale_data: ")
    assert not hosted.holds


def test_a_loss_limit_latches_the_session_as_a_kill_does(tmp_path: Path) -> None:
    lost = 499 * 10**8
    hosted = Hosted(tmp_path / "1aaaaaa.journal", carried=CarriedOver(10**6, -lost, 1, 1, 1, 0))
    hosted.run.start()
    hosted.play_until_over(600 * S)
    assert hosted.host.latches == ["daily_loss"]
    assert not hosted.holds
    last = last_run(hosted.journal.parent)
    assert last is not None
    assert last.carried is not None
    assert last.carried.profit <= -500 * 10**8


def test_a_kill_that_a_crash_interrupted_goes_on_at_the_next_start(hosted: Hosted) -> None:
    hosted.run.kill("test")
    hosted.crash()
    recovered = recover(hosted.journal, Fsync.NEVER)
    assert recovered is not None
    hosted.go_on(recovered)
    hosted.play_until_over(120 * S)
    assert not hosted.holds
    assert not hosted.rests
    assert hosted.end.answer.verified_reads == 2


def buy_by_hand(venue: LocalVenue, symbol: str = "BTCUSDT") -> None:
    """Somebody else buys at the market."""
    client = VenueClient(venue)
    made: HttpRequest = client.make(
        "POST", "/fapi/v1/order", symbol=symbol, side="BUY", type="MARKET", quantity="0.100", newClientOrderId="web_1"
    )
    venue.request(made)
