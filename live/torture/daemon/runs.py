"""What the daemon's own process came to under a fault: its journals, and whether what it said at its end is true."""

from collections.abc import Iterator
from pathlib import Path

from live.journal.replaying import replay_journal
from live.torture.trial import Trial
from skills_lib.domain.errors import TwokeyError


def violations_of(trial: Trial) -> list[str]:
    """Orders sent twice, and an end that was said to be flat and was not."""
    found = []
    if trial.score.duplicate_intents:
        found.append(f"{trial.fault}: {trial.score.duplicate_intents} orders were repeated")
    if trial.stopped_code == 0 and trial.score.flat_after_ms is None:
        found.append(f"{trial.fault}: it ended with exit code 0 and a position is open")
    if trial.connected and trial.stopped_code is None and trial.exit_code is None:
        found.append(f"{trial.fault}: it did not end when it was asked to")
    return found


def broken_journals(home: Path) -> Iterator[str]:
    """Journals of the sessions of a workspace whose chain does not hold or whose decisions would be others."""
    for journal in sorted(home.glob("live/sessions/*/journals/**/*.journal")):
        try:
            replay_journal(journal)
        except TwokeyError as error:
            yield f"{journal.parent.parent.name}: {error}"
