"""Explains a session in a process of its own: a replay needs the engine, which no MCP server may import."""

import json
import subprocess
import sys
from typing import Any, Final

from live.control.finding import the_session
from mcp_servers.live.answers import ExplainAnswer
from skills_lib.domain.errors import TwokeyError
from skills_lib.progress import Progress
from skills_lib.settings import Settings

WITHIN_S: Final = 240.0
_POLL_S: Final = 0.5
_SHOWN: Final = 20
_MESSAGE: Final = 400
_TWOKEY: Final = "from scripts.cli import main; main()"


def explain(session: str | None, tape: str, progress: Progress) -> ExplainAnswer:
    """What `twokey explain --json` answers.

    Raises:
        InputError: no such session, or several and none named.
        TwokeyError: it failed, with its one line, or took longer than `WITHIN_S`.
    """
    arguments = ["explain", the_session(Settings().home, session).name, "--tape", tape, "--json"]
    command = [sys.executable, "-P", "-c", _TWOKEY, *arguments]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            answer, said = _finished(process, progress)
        finally:
            process.kill()
    if process.returncode:
        message = said.decode(errors="replace").strip()[-_MESSAGE:]
        raise TwokeyError(message or "The replay failed. Run it in a terminal: twokey explain")
    found: dict[str, Any] = json.loads(answer)
    return ExplainAnswer(
        difference_bps=found["difference_bps"],
        parts_bps=found["parts_bps"],
        trades=found["trades"][:_SHOWN],
        path=found["path"],
        next_step="live_status shows what the session holds now.",
    )


def _finished(process: "subprocess.Popen[bytes]", progress: Progress) -> tuple[bytes, bytes]:
    """The output of a process; each look reports progress, which raises where the call was cancelled."""
    for look in range(int(WITHIN_S / _POLL_S)):
        try:
            return process.communicate(timeout=_POLL_S)
        except subprocess.TimeoutExpired:
            progress(look, int(WITHIN_S / _POLL_S), "replaying")
    raise TwokeyError("The replay took longer than four minutes. Run it in a terminal: twokey explain")
