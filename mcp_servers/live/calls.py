"""Calls behind the live server: they ask the daemon over its socket, and can do nothing else."""

import msgspec

from live.control.client import ask
from live.control.finding import status_of_session, the_session
from live.control.protocol import ControlCommand, Cover, LiveStatus
from mcp_servers.live.answers import LiveCommandAnswer, LiveStatusAnswer
from skills_lib.settings import Settings

KILL_WITHIN_S = 45.0
"""Shorter than the time after which clients give up a call; the daemon goes on closing beyond it."""


def status(session: str | None) -> LiveStatusAnswer:
    """The status of a session: of the daemon, or the last one that it wrote.

    Raises:
        InputError: no such session, or several and none named.
        ControlError: the daemon does not answer.
    """
    folder = the_session(Settings().home, session)
    found = status_of_session(folder)
    return LiveStatusAnswer(
        session=folder.name,
        running=found.running,
        cover=_cover(found),
        status=msgspec.to_builtins(found),
        next_step=_next_step(found),
    )


def command(session: str | None, wanted: ControlCommand, reason: str) -> LiveCommandAnswer:
    """Pause, stop or kill.

    Raises:
        InputError: no such session, or several and none named.
        NotRunningError: no daemon runs.
        ControlError: it refuses, or does not answer in time.
    """
    folder = the_session(Settings().home, session)
    reply = ask(folder, wanted, reason, KILL_WITHIN_S)
    kill = reply.kill
    return LiveCommandAnswer(
        done=". ".join((reply.done or str(wanted), *(kill.notes if kill else ()))),
        flat=kill.flat if kill else None,
        verified_reads=kill.verified_reads if kill else 0,
        next_step="live_status shows what is left.",
    )


def _cover(status: LiveStatus) -> str:
    """The worst cover of the positions."""
    if not status.running and status.positions:
        return str(Cover.UNKNOWN)
    found = {position.cover for position in status.positions}
    worst = next((cover for cover in (Cover.UNKNOWN, Cover.UNPROTECTED, Cover.COVERED) if cover in found), None)
    return str(worst) if worst else "flat"


def _next_step(status: LiveStatus) -> str:
    if not status.running:
        return "Only a person starts it, in a terminal: twokey live run. Before: what did the account hold?"
    if status.killed.latched:
        return "Only a person releases a kill, in a terminal: twokey live reset."
    return "live_pause ends entries; live_stop closes what the run holds; live_kill closes everything."
