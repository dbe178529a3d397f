"""Daemons as processes with a position, at an exchange that ends, goes silent, jumps in time or asks to wait."""

import asyncio
import signal
from typing import Any

import pytest

from live.control.latch import latched
from live.control.protocol import ControlCommand, LiveStatus
from live.simulator.schedule import MS
from tests.live.daemon.processes import Daemon, Site, at_a_site
from tests.live.daemon.together import planned

COVERED_WITHIN_MS = 10_000
"""The promise of docs/daemon.md, of exchange time."""
RETRY_AFTER_S = 4
ON_ITS_WAY_MS = 1_500
"""What was sent before the first answer that asks to wait had come: answers take up to a second."""


def is_well(status: LiveStatus) -> bool:
    """True if a position is covered by its stop, and every stream delivers."""
    covers = [one.cover for one in status.positions]
    return covers == ["covered"] and status.market_data.usable and not any("down" in note for note in status.notes)


async def stopped(site: Site, daemon: Daemon) -> None:
    """Stop it by SIGTERM: it proves that nothing of its run is left, and nobody has sold more than was held."""
    daemon.send(signal.SIGTERM)
    code, text = await daemon.end()
    assert code == 0, text
    await emptied(site)


async def emptied(site: Site) -> None:
    """Nothing is left, and nobody has sold more than was held."""
    assert site.is_flat
    assert site.exchange.crossings == 0


@planned(at_a_site)
async def test_a_line_that_stays_dead_kills_and_the_account_is_closed_once_it_lives(site: Site) -> None:
    daemon = await site.start()
    await site.held()
    site.line.die()
    await site.until(lambda: latched(site.folder))
    latch = latched(site.folder)
    assert latch
    assert latch.reason.startswith("stale_data: BTCUSDT")
    assert site.exchange.is_protected, "its stop outlives the line"
    site.line.revive()
    code, text = await daemon.end()
    assert (code, "The account is flat, by two reads." in text) == (1, True), text
    await emptied(site)


@planned(at_a_site)
async def test_an_exchange_whose_time_jumps_by_ten_seconds_kills_and_the_account_is_closed(site: Site) -> None:
    daemon = await site.start()
    await site.held()
    site.exchange.jump_ahead(10_000)
    code, text = await daemon.end()
    assert (code, "Killed: clock_skew: the exchange's time differs by" in text) == (1, True), text
    await emptied(site)


@planned(at_a_site)
async def test_half_open_lines_are_given_up_and_the_position_is_covered_again(site: Site) -> None:
    daemon = await site.start()
    before = await site.held()
    made = site.line.made
    site.line.mute()
    await site.until(lambda: site.line.made > made)
    after = await site.status(is_well)
    assert (after.run, after.killed.latched) == (before.run, False)
    await stopped(site, daemon)


@planned(at_a_site)
async def test_a_kill_while_the_line_is_dead_is_latched_at_once_and_closes_the_account_afterwards(site: Site) -> None:
    await site.start()
    await site.held()
    site.line.die()
    asked = asyncio.ensure_future(site.ask(ControlCommand.KILL))
    await site.until(lambda: latched(site.folder))
    assert not site.is_flat
    site.line.revive()
    answer = (await asked).kill
    assert answer
    assert (answer.flat, answer.verified_reads) == (True, 2)
    await emptied(site)


@planned(at_a_site, kept=True)
async def test_an_exchange_that_is_started_again_finds_the_daemon_with_its_position_and_its_stop(site: Site) -> None:
    daemon = await site.start()
    before = await site.held()
    await site.exchange.crash()
    await site.status(lambda status: not status.market_data.usable)
    await site.exchange.come_back(after_ms=1_500)
    after = await site.status(is_well)
    assert (after.run, after.positions[0].quantity) == (before.run, before.positions[0].quantity)
    await stopped(site, daemon)


@planned(at_a_site, socket_life_s=6)
async def test_streams_that_end_after_their_day_are_opened_again_in_mid_position(site: Site) -> None:
    """Binance ends each connection after 24 hours; here after six seconds."""
    daemon = await site.start()
    await site.held()
    made = site.line.made
    await site.until(lambda: site.line.made >= made + 6)
    status = await site.status(is_well)
    assert not status.killed.latched
    await stopped(site, daemon)


def asks_to_wait(reply: str) -> list[dict[str, Any]]:
    """From the first fill on, before the position has its stop, every request is refused for some seconds."""
    fault = {"kind": "answer", "reply": reply, "method": "*", "path": "*", "retry_after_s": RETRY_AFTER_S}
    return [fault | {"when": {"condition": "position_opens"}, "end": {"duration_ms": RETRY_AFTER_S * 1_000}}]


async def waited(site: Site) -> None:
    """The exchange takes requests again; while it did not, nothing was sent once its answer had come."""
    await site.until(lambda: site.exchange.fills)
    opened_ns = site.exchange.fills[0].time_ns
    await site.until(lambda: site.venue.now_ns > opened_ns + RETRY_AFTER_S * 1_000 * MS)
    times = [(asked.time_ns - opened_ns) // MS for asked in site.exchange.asked]
    assert not [time for time in times if ON_ITS_WAY_MS < time < RETRY_AFTER_S * 1_000]


@pytest.mark.parametrize("reply", ["too_many_429", "banned_418"])
@planned(at_a_site, faults=asks_to_wait)
async def test_an_exchange_that_asks_to_wait_is_left_alone_and_then_the_position_is_covered_or_closed(
    site: Site, reply: str
) -> None:
    daemon = await site.start()
    await waited(site)
    await site.passed(COVERED_WITHIN_MS)
    assert site.is_flat or site.exchange.is_protected
    await stopped(site, daemon)


@planned(at_a_site, faults=asks_to_wait("banned_418"))
async def test_a_kill_during_a_ban_waits_for_its_end_and_closes_then(site: Site) -> None:
    daemon = await site.start()
    await site.until(lambda: site.exchange.fills)
    await site.passed(ON_ITS_WAY_MS)
    daemon.send(signal.SIGUSR1)
    await waited(site)
    await site.passed(COVERED_WITHIN_MS)
    assert site.is_flat
    assert (await daemon.end())[0] == 1
    await emptied(site)


@planned(at_a_site)
async def test_requests_whose_time_is_refused_are_timed_anew(site: Site) -> None:
    daemon = await site.start()
    await site.held()
    site.venue.gateway.clock.jump(-30_000)
    await site.passed(COVERED_WITHIN_MS)
    status = await site.status(is_well)
    assert not status.killed.latched
    await stopped(site, daemon)
