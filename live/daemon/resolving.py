"""A person declares a run that cannot go on to be over: its journal is set aside, once the account is flat."""

from pathlib import Path

from live.control.durable_files import force_names
from live.control.folder import SessionFolder
from live.daemon.runs import SET_ASIDE, SUFFIX, last_run
from skills_lib.domain.errors import CorruptDataError, InputError


def unresolved(folder: SessionFolder) -> Path:
    """The journal of the run that did not end: one that goes on at the next start, or that is damaged.

    Raises:
        InputError: there is none.
    """
    try:
        newest = last_run(folder.journals)
    except CorruptDataError:
        return max(folder.journals.glob(f"*{SUFFIX}"))
    if newest is None or newest.carried is not None:
        raise InputError(f"Session '{folder.name}' has no run that did not end. Nothing was changed.")
    return newest.path


def set_aside(folder: SessionFolder, journal: Path) -> Path:
    """Move a journal where no start looks for it; returns its new path. It is kept whole.

    Raises:
        OSError: it could not be moved, or one of this name is there already.
    """
    kept = folder.journals / SET_ASIDE
    kept.mkdir(exist_ok=True, mode=0o700)
    target = kept / journal.name
    if target.exists():
        raise FileExistsError(f"{target} exists already")
    journal.rename(target)
    force_names(kept)
    force_names(folder.journals)
    return target
