"""Daemons as processes: killed, stopped, started twice and without room on the disk."""

import resource
import signal
from pathlib import Path

import pytest

from live.control.heartbeat import has_ended
from live.control.latch import latched
from live.control.protocol import ControlCommand
from live.daemon.runs import last_run
from live.engine.events import Started
from live.engine.settings import BarSettings
from live.journal.reading import RecordedEvent, entries_of
from live.journal.replaying import replay_journal
from live.money import SCALE
from tests.command import Command
from tests.live.daemon.processes import Site, at_a_site, until
from tests.live.daemon.test_live_run import buy_by_hand
from tests.live.daemon.together import planned


@planned(at_a_site)
async def test_a_daemon_killed_in_a_position_goes_on_with_it_alone_and_stops_at_sigterm(site: Site) -> None:
    first = await site.start()
    before = await site.held()
    first.send(signal.SIGKILL)
    await first.end()
    assert not site.is_flat, "the position and its stop outlive the process"
    second = await site.start()
    after = await site.held()
    assert (after.run, after.position and after.position.quantity) == (
        before.run,
        before.position and before.position.quantity,
    )
    third = await site.start()
    code, text = await third.end()
    assert (code, f"(process {second.number})" in text) == (1, True), text
    second.send(signal.SIGTERM)
    code, text = await second.end()
    assert (code, "Nothing of this run is left, by two reads." in text) == (0, True), text
    assert site.is_flat
    last = last_run(site.folder.journals)
    assert last
    assert last.carried
    assert replay_journal(last.path).unwritten == 0
    assert has_ended(site.folder.heartbeat.read_bytes()), "so the watchdog closes nothing"
    code, status = await site.answer("status")
    assert (code, status["running"], status["killed"]["latched"]) == (0, False, False)


@planned(at_a_site)
async def test_a_strategy_on_bars_runs_with_its_parameters_and_limits(site: Site) -> None:
    daemon = await site.start(
        *("--strategy", "sma_crossover", "--timeframe", "1m", "--param", "fast=4", "--setting", "stop_bps=150")
    )
    status = (await site.ask(ControlCommand.STATUS)).status
    assert status
    assert status.limits["trades_per_day"].value == "10"
    daemon.send(signal.SIGTERM)
    code, text = await daemon.end()
    assert code == 0, text
    last = last_run(site.folder.journals)
    assert last
    (begun, *_) = [entry.event for entry in entries_of(last.path) if isinstance(entry, RecordedEvent)]
    assert isinstance(begun, Started)
    assert begun.bars == BarSettings(
        strategy="sma_crossover", timeframe="1m", parameters={"fast": "4", "slow": "30"}, stop_bps=150 * SCALE
    )
    assert replay_journal(last.path).unwritten == 0


@planned(at_a_site)
async def test_only_a_person_at_a_terminal_ends_a_run_and_only_once_the_account_is_flat(site: Site) -> None:
    daemon = await site.start()
    await site.held()
    daemon.send(signal.SIGKILL)
    await daemon.end()
    words = ("resolve", "--host", site.host)
    code, text = await site.call("resolve", "--host", site.host)
    assert (code, "Only a person at a terminal" in text) == (1, True), text
    assert await site.at_a_terminal(*words, typed="resolved") == 1
    assert last_run(site.folder.journals)
    assert (await site.call("emergency-stop", "--host", site.host))[0] == 0
    assert latched(site.folder), "a daemon that is started now does not trade"
    assert await site.at_a_terminal(*words, typed="resolved") == 0
    assert last_run(site.folder.journals) is None


@planned(at_a_site)
async def test_a_person_at_a_terminal_adopts_a_position_while_a_run_goes_on_and_for_the_next_one(site: Site) -> None:
    words = ("adopt", "--symbol", "BTCUSDT", "--session", "simulator", "--host", site.host)
    await site.start()
    await site.ask(ControlCommand.PAUSE)
    buy_by_hand(site.venue)

    async def foreign() -> bool:
        status = (await site.ask(ControlCommand.STATUS)).status
        return status is not None and any("of somebody else" in note for note in status.notes)

    await until(foreign)
    code, text = await site.call(*words)
    assert (code, "Only a person at a terminal" in text) == (1, True), text
    assert await site.at_a_terminal(*words, typed="no") == 1
    assert await site.at_a_terminal(*words, typed="adopted") == 0
    assert (await site.held()).positions[0].symbol == "BTCUSDT"
    assert (await site.answer("stop"))[0] == 0
    assert site.is_flat, "it was the run's own"
    buy_by_hand(site.venue)
    code, text = await (await site.start()).end()
    assert (code, "twokey live adopt" in text) == (1, True), text
    assert await site.at_a_terminal(*words, typed="adopted") == 0
    await site.start()
    assert (await site.held()).position
    assert (await site.answer("stop"))[0] == 0
    assert site.is_flat


@planned(at_a_site)
async def test_a_kill_closes_the_account_and_only_a_person_at_a_terminal_releases_it(site: Site) -> None:
    daemon = await site.start()
    await site.held()
    buy_by_hand(site.venue)
    code, answer = await site.answer("kill", "--reason", "it trades against me")
    assert (code, answer["flat"], answer["verified_reads"]) == (0, True, 2)
    assert site.is_flat
    assert (await daemon.end())[0] == 1
    latch = latched(site.folder)
    assert latch
    assert latch.reason == "it trades against me"
    again = await site.start()
    code, text = await again.end()
    assert (code, "it trades against me" in text) == (1, True), text
    code, text = await site.call("reset")
    assert (code, "Only a person at a terminal" in text) == (1, True), text
    assert latched(site.folder)
    assert await site.at_a_terminal("reset", typed="reset") == 0
    assert latched(site.folder) is None
    await site.start()
    assert (await site.ask(ControlCommand.PAUSE)).done
    assert (await site.answer("stop"))[0] == 0


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="needs Linux")
@planned(at_a_site)
async def test_without_room_for_the_journal_no_order_leaves_and_the_position_is_closed(site: Site) -> None:
    daemon = await site.start()
    status = await site.held()
    size = Path(status.journal.file).stat().st_size
    resource.prlimit(daemon.number, resource.RLIMIT_FSIZE, (size, size))
    code, text = await daemon.end()
    assert (code, "Killed: journal: " in text) == (1, True), text
    assert site.is_flat


def test_mainnet_is_not_armed_and_bad_settings_are_refused_in_one_line(twokey: Command) -> None:
    for arguments, code, text in (
        (("--venue", "mainnet"), 1, "mainnet is not armed"),
        (("--host", "nowhere"), 2, "is no address of a simulator"),
        (("--limit", "daily_loss=9000"), 2, "daily_loss cannot be 9000 USD"),
        (("--param", "depht=3"), 2, "Did you mean 'depth'?"),
        (("--strategy", "sma_crossing"), 2, "Did you mean 'sma_crossover'"),
        (("--strategy", "sma_crossover", "--setting", "stop_bps=0"), 2, "stop_bps=0 is not allowed"),
        (("--session", "../elsewhere"), 2, "names no session"),
        (("--symbol", ","), 2, "No symbol is named"),
    ):
        done = twokey("live", "run", *arguments)
        assert (done.code, text in done.err, done.err.count("\n")) == (code, True, 1), done.err


@pytest.mark.parametrize("verb", ["status", "pause", "resume", "stop", "kill", "reset"])
def test_a_verb_without_a_session_says_that_there_is_none(verb: str, twokey: Command) -> None:
    done = twokey("live", verb)
    assert (done.code, "Sessions: none." in done.err) == (2, True), done.err
