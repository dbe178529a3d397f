"""Synchronises in a process of its own: it signs requests that read, which no MCP server may."""

import json
import subprocess
import sys
from typing import Any, Final

from mcp_servers.trade_log.answers import LogSynchronised
from skills_lib.domain.errors import TwokeyError
from skills_lib.progress import Progress

WITHIN_S: Final = 240.0
_POLL_S: Final = 0.5
_SHOWN: Final = 50
_MESSAGE: Final = 400
_TWOKEY: Final = "from scripts.cli import main; main()"
_COUNTS: Final = ("fetched", "inserted", "updated", "unchanged")


def synchronise(host: str | None, since: str | None, session: str | None, progress: Progress) -> LogSynchronised:
    """What `twokey trades sync binance --json` answers.

    Raises:
        TwokeyError: it failed, with its one line, or took longer than `WITHIN_S`; what it read is kept.
    """
    given = {"--host": host, "--since": since, "--session": session}
    options = [f"{name}={value}" for name, value in given.items() if value]
    command = [sys.executable, "-P", "-c", _TWOKEY, "trades", "sync", "binance", *options, "--json"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            answer, said = _finished(process, progress)
        finally:
            process.kill()
    if process.returncode:
        message = said.decode(errors="replace").strip()[-_MESSAGE:]
        raise TwokeyError(message or "It failed. Run it in a terminal: twokey trades sync binance")
    found: dict[str, Any] = json.loads(answer)
    return LogSynchronised(
        counts={name: found[name] for name in _COUNTS},
        pnl=found["pnl"] | {"asset": found["asset"]},
        discrepancies=found["discrepancies"][:_SHOWN],
        notes=found["notes"],
        next_step="Report every discrepancy; trade_log_reconcile lists all.",
    )


def _finished(process: "subprocess.Popen[bytes]", progress: Progress) -> tuple[bytes, bytes]:
    """The output of a process; each look reports progress, which raises where the call was cancelled."""
    for look in range(int(WITHIN_S / _POLL_S)):
        try:
            return process.communicate(timeout=_POLL_S)
        except subprocess.TimeoutExpired:
            progress(look, int(WITHIN_S / _POLL_S), "synchronising")
    raise TwokeyError("It took longer than four minutes; what was read is kept. Call it again.")
