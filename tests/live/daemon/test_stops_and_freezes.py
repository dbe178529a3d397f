"""Daemons as processes with a position: every way to kill one, frozen ones, and ones whose messages go nowhere."""

import signal
from collections.abc import Awaitable, Callable

import pytest
from mcp import Client

from live.client.wire import MS, S
from live.control.latch import latched
from live.control.protocol import ControlCommand
from live.sockets.clock import FROZEN_NS
from tests.live.alerts.webhook import webhook
from tests.live.daemon.processes import Daemon, Site, at_a_site
from tests.live.daemon.test_exchange_faults import emptied, is_well, stopped
from tests.live.daemon.together import planned
from tests.mcp_servers.mcp_client import own_process

ORDER = ("POST", "/fapi/v1/order")


async def by_signal(_: Site, daemon: Daemon) -> None:
    daemon.send(signal.SIGUSR1)


async def by_file(site: Site, _: Daemon) -> None:
    site.folder.kill_file.touch()


async def by_socket(site: Site, _: Daemon) -> None:
    answer = (await site.ask(ControlCommand.KILL, "API")).kill
    assert answer
    assert (answer.flat, answer.verified_reads) == (True, 2)


async def by_mcp(site: Site, _: Daemon) -> None:
    async with Client(own_process("live", site.home)) as client:
        result = await client.call_tool("live_kill", {"reason": "MCP"})
    assert result.structured_content
    assert (result.structured_content["flat"], result.structured_content["verified_reads"]) == (True, 2)


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        (by_signal, "signal SIGUSR1"),
        (by_file, "the file KILL"),
        (by_socket, "API"),
        (by_mcp, "MCP"),
    ],
)
@planned(at_a_site)
async def test_every_way_to_kill_closes_a_position_and_stays_latched(
    site: Site, way: Callable[[Site, Daemon], Awaitable[None]], reason: str
) -> None:
    daemon = await site.start()
    await site.held()
    await way(site, daemon)
    code, text = await daemon.end()
    assert (code, f"Killed: {reason}. The account is flat, by two reads." in text) == (1, True), text
    latch = latched(site.folder)
    assert latch
    assert latch.reason == reason
    await emptied(site)


async def frozen(site: Site, daemon: Daemon) -> None:
    """Stop the process for longer than anything that it knows may be used."""
    daemon.send(signal.SIGSTOP)
    await site.passed((FROZEN_NS + S) // MS)


@planned(at_a_site)
async def test_a_daemon_that_was_frozen_reads_before_it_closes_what_somebody_has_closed_meanwhile(site: Site) -> None:
    daemon = await site.start()
    await site.held()
    daemon.send(signal.SIGSTOP)
    site.exchange.close_by_hand()
    await site.until(lambda: site.is_flat)
    await frozen(site, daemon)
    asked = len(site.exchange.asked)
    daemon.send(signal.SIGTERM)
    daemon.send(signal.SIGCONT)
    code, text = await daemon.end()
    assert code == 0, text
    after = [one[1:] for one in site.exchange.asked[asked:]]
    assert after.index(("GET", "/fapi/v3/positionRisk")) < [*after, ORDER].index(ORDER)
    await emptied(site)


@planned(at_a_site)
async def test_a_daemon_that_was_frozen_goes_on_with_its_position(site: Site) -> None:
    daemon = await site.start()
    before = await site.held()
    made = site.line.made
    await frozen(site, daemon)
    daemon.send(signal.SIGCONT)
    await site.until(lambda: site.line.made > made)
    after = await site.status(is_well)
    assert (after.run, after.killed.latched) == (before.run, False)
    await stopped(site, daemon)


@planned(at_a_site)
async def test_a_kill_does_not_wait_for_a_channel_of_messages_that_answers_nothing(site: Site) -> None:
    with webhook(hold=True) as hook:
        site.environment["TWOKEY_ALERTS"] = hook.target
        daemon = await site.start()
        await site.held()
        daemon.send(signal.SIGUSR1)
        await site.until(lambda: not hook.received.empty())
        code, text = await daemon.end()
        assert (code, "The account is flat, by two reads." in text) == (1, True), text
        await emptied(site)


@planned(at_a_site)
async def test_a_daemon_whose_messages_nobody_takes_trades_and_stops(site: Site) -> None:
    site.environment["TWOKEY_ALERTS"] = "json://127.0.0.1:9/nobody"
    daemon = await site.start()
    await site.held()
    await stopped(site, daemon)
