"""What `twokey torture` runs: a bot, or the daemon itself."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.next_step import command

if TYPE_CHECKING:
    from live.torture.trial import Trial

DEATHS = 2
_DAEMON_ENDS_WITHIN_S = 120.0
_PARAMETERS = ("max_spread_bps=2", "max_age_ms=5000", "cooldown_ms=500", "hold_ms=4000")
"""It shall trade often: positions of four seconds, half a second apart."""


class Subject(StrEnum):
    """Whose process is run."""

    BOT = "bot"
    DAEMON = "daemon"


@dataclass(frozen=True)
class ChosenSubject:
    """run: what is run, as `BotRun` takes it. home: the daemon's workspace."""

    run: dict[str, Any]
    home: Path | None = None

    def violations(self, trials: "Sequence[Trial]") -> list[str]:
        """What a daemon must never do; nothing of a bot is one."""
        from live.torture.daemon.runs import broken_journals, violations_of

        if self.home is None:
            return []
        return [line for trial in trials for line in violations_of(trial)] + list(broken_journals(self.home))


@contextmanager
def subject_of(subject: Subject, bot: str, deaths: int | None) -> Iterator[ChosenSubject]:
    """What to run; the daemon's workspace is removed afterwards."""
    import tempfile

    if subject is Subject.BOT:
        yield ChosenSubject({"command": bot, "deaths": deaths or 0})
        return
    with tempfile.TemporaryDirectory(prefix="twokey-torture-") as folder:
        home = Path(folder)
        given = {
            "command": _daemon_command(),
            "deaths": DEATHS if deaths is None else deaths,
            "environment": {"TWOKEY_HOME": str(home), "TWOKEY_LEDGER_DIR": str(home / "ledger")},
            "end_within_s": _DAEMON_ENDS_WITHIN_S,
            "starts_again": True,
        }
        yield ChosenSubject(given, home)


def _daemon_command() -> str:
    import shlex
    import sys

    parameters = [part for text in _PARAMETERS for part in ("--param", text)]
    words = [sys.executable, "-c", "from scripts.cli import main; main()", "live", "run", "--session", "t{port}"]
    return shlex.join([*words, "--host", "127.0.0.1:{port}", "--capital", "40000", *parameters])


def print_daemon_schedules(schedules: int, schedule: int | None, seed: int, jobs: int, json: bool) -> None:
    """Schedules of faults and deaths of the daemon in virtual time.

    Raises:
        Exit: an invariant was broken.
    """
    from live.torture.daemon.schedule import run_daemon_schedule
    from scripts.live.faults import print_faults, ran, repeated

    run = run_daemon_schedule
    answer = repeated(schedule, run) if schedule is not None else ran(schedules, seed, jobs, not json, run)
    repeat = ("torture", "--subject", "daemon", "--schedule")
    print_faults(answer, command(*repeat, answer.worst.seed) if answer.worst else "", json)
