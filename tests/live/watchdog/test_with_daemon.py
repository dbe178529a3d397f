"""A watchdog and the daemon that it watches, as processes: the daemon dies, stands still, or comes back."""

import signal

from live.control.latch import latched
from tests.live.daemon.processes import Daemon, Site, at_a_site
from tests.live.daemon.test_exchange_faults import emptied
from tests.live.daemon.together import planned

REASON = "watchdog: the heartbeat stopped"


async def watched(site: Site) -> tuple[Daemon, Daemon]:
    """A watchdog, and a daemon in a position."""
    options = ("--session", "simulator", "--symbols", "BTCUSDT", "--host", site.exchange.host, "--seconds", "3")
    watchdog = await site.begin("watchdog", *options)
    await watchdog.says("Watching session 'simulator'")
    daemon = await site.start()
    await site.held()
    return watchdog, daemon


async def dealt_with(site: Site, watchdog: Daemon) -> None:
    """The watchdog has proven that the account is flat, and ends in order."""
    await site.until((site.folder.root / "watchdog").exists)
    latch = latched(site.folder)
    assert latch
    assert latch.reason == REASON
    watchdog.send(signal.SIGTERM)
    assert (await watchdog.end())[0] == 0
    await emptied(site)


@planned(at_a_site)
async def test_a_daemon_that_stands_still_and_goes_on_sells_no_more_than_is_held(site: Site) -> None:
    watchdog, daemon = await watched(site)
    daemon.send(signal.SIGSTOP)
    await site.until(site.folder.kill_file.exists)
    daemon.send(signal.SIGCONT)
    code, text = await daemon.end()
    assert (code, "The account is flat, by two reads." in text) == (1, True), text
    await dealt_with(site, watchdog)


@planned(at_a_site)
async def test_a_daemon_that_is_started_again_while_the_watchdog_closes_sells_no_more_than_is_held(site: Site) -> None:
    watchdog, daemon = await watched(site)
    daemon.send(signal.SIGKILL)
    await daemon.end()
    await site.until(site.folder.kill_file.exists)
    code, text = await (await site.start()).end()
    assert (code, "The account is flat, by two reads." in text) == (1, True), text
    await dealt_with(site, watchdog)


@planned(at_a_site)
async def test_the_position_of_a_daemon_that_was_killed_or_stands_still_for_good_is_closed(site: Site) -> None:
    watchdog, daemon = await watched(site)
    daemon.send(signal.SIGSTOP)
    await dealt_with(site, watchdog)
    daemon.send(signal.SIGKILL)
    code, text = await (await site.start()).end()
    assert (code, "The account is flat, by two reads." in text) == (1, True), text
