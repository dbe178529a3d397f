"""The runs of a session: one journal each, named like the run, newest last by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from live.account.ledger import DayLedger
from live.control.durable_files import write_durably
from live.control.folder import SessionFolder
from live.engine.events import CarriedOver, Ended
from live.engine.limits import Limits
from live.engine.risk.profit import DAY_NS
from live.journal.encoding import event_of
from live.money import plain
from skills_lib.domain.errors import CorruptDataError, InputError, TwokeyError
from skills_lib.trades.journal.tail import whole_records

SUFFIX: Final = ".journal"
SET_ASIDE: Final = "set-aside"
"""Where journals are kept of runs that a person has ended; no start looks for a run there."""
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_S: Final = 1_000_000_000
_FIRST: Final = 36**6
"""So every name has seven digits, and names sort like times."""


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run. carried: what it leaves to the next one; None if it did not end, and has to be continued."""

    path: Path
    carried: CarriedOver | None


def journal_of(journals: Path, run: str) -> Path:
    """The journal of a run."""
    return journals / f"{run}{SUFFIX}"


def next_run(journals: Path, now_ns: int) -> str:
    """A run that no journal is of: the second in base 36, and later than all runs whatever the clock says."""
    known = (*_journals(journals), *_journals(journals / SET_ASIDE))
    newest = max((int(path.stem, 36) for path in known), default=0)
    return _short(max(_FIRST + now_ns // _S, newest + 1))


def last_run(journals: Path) -> LastRun | None:
    """The newest run whose journal holds more than its header; a file without a whole header never had a run.

    Raises:
        CorruptDataError: the journal is damaged before its end.
    """
    for path in sorted(_journals(journals), reverse=True):
        if path.read_bytes()[:_LONGEST_HEADER].count(b"\n") == 0:
            continue
        last = whole_records(path).last
        if last.sequence:
            return LastRun(path, _carried(last.kind, last.time_ns, last.body, path.name))
    return None


_LONGEST_HEADER: Final = 4_096


def forgive_drawdown(folder: SessionFolder) -> None:
    """A person has released a kill: the drawdown begins anew after the newest run. The day's loss does not.

    Raises:
        OSError: it could not be written.
    """
    newest = max((path.stem for path in _journals(folder.journals)), default="")
    write_durably(folder.root / _FORGIVEN, newest.encode())


def carried_to_next(folder: SessionFolder, last: LastRun) -> CarriedOver | None:
    """What a run that ended leaves to the next one of its session."""
    forgiven = folder.root / _FORGIVEN
    released = forgiven.exists() and forgiven.read_bytes() == last.path.stem.encode()
    if last.carried is None or not released:
        return last.carried
    return msgspec.structs.replace(last.carried, drawdown=0)


def with_ledger(carried: CarriedOver | None, ledger: DayLedger, now_ns: int) -> CarriedOver | None:
    """The day as the runs or the exchange's ledger say, whichever is worse: others may have lost money today too."""
    today = now_ns // DAY_NS
    if carried is None or carried.day < today:
        carried = CarriedOver(today, 0, 0, 0, 0, carried.drawdown if carried else 0)
    carried = msgspec.structs.replace(carried, profit=min(carried.profit, ledger.profit))
    return carried if carried != CarriedOver(today, 0, 0, 0, 0, 0) else None


def require_no_loss(carried: CarriedOver | None, limits: Limits, now_ns: int) -> None:
    """Check that a new run may trade today.

    Raises:
        TwokeyError: the runs before it have reached the day's loss.
    """
    if carried is not None and carried.day >= now_ns // DAY_NS and -carried.profit >= limits.daily_loss:
        raise TwokeyError(
            f"Today {plain(-carried.profit)} USD were lost; the limit daily_loss is {plain(limits.daily_loss)} USD. "
            "Start again after midnight UTC."
        )


_FORGIVEN: Final = "reset-after"


def _carried(kind: str, time_ns: int, body: dict[str, object], name: str) -> CarriedOver | None:
    if kind != Ended.__struct_config__.tag:
        return None
    try:
        event = event_of(kind, time_ns, body)
    except msgspec.ValidationError:
        raise CorruptDataError(f"{name}: its end is none that this version of Twokey writes.") from None
    assert isinstance(event, Ended)
    return event.carried


def _journals(journals: Path) -> Iterator[Path]:
    """Files that are named like a run."""
    for path in journals.glob(f"*{SUFFIX}"):
        if len(path.stem) == 7 and all(letter in _DIGITS for letter in path.stem):
            yield path


def _short(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    if len(text) != 7:
        raise InputError("The clock of this machine is far off. Set it, then start again.")
    return text
