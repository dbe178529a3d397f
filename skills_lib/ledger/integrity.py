"""Detects ledger files that were deleted, truncated, edited or copied from another user, and describes each problem."""

from collections.abc import Sequence
from datetime import UTC, datetime

from skills_lib.ledger.store import Entry, Half


def notices_of(user: Half, here: Half, workspace: str) -> list[str]:
    """One line for each problem of either file; none if both are intact.

    `workspace`: the folder under which the user's file lists this workspace's entries.
    """
    return [
        *_unreadable(user, here),
        *_missing(user, here, workspace),
        *_restored(user, here),
        *_foreign(user, here),
        *_damaged(user),
        *_damaged(here),
        *_older_results(user, here, workspace),
    ]


def _unreadable(*halves: Half) -> list[str]:
    return [
        f"The ledger {half.path} cannot be read ({half.problem}); the next run renames it and starts a new one."
        for half in halves
        if half.problem
    ]


def _missing(user: Half, here: Half, workspace: str) -> list[str]:
    """Entries of one file that the other file should contain but does not."""
    in_user, in_here = ({entry.digest for entry in half.entries} for half in (user, here))
    missing_here = [e for e in user.entries if e.workspace == workspace and e.digest not in in_here]
    missing_user = [e for e in here.entries if e.digest not in in_user and (not user.id or e.ledger == user.id)]
    return _missing_entries(here, missing_here, "the user's ledger") + _missing_entries(
        user, missing_user, "the workspace's ledger"
    )


def _missing_entries(half: Half, missing: Sequence[Entry], other_ledger: str) -> list[str]:
    if not missing:
        return []
    how = "was truncated" if half.id else "is missing"
    return [
        f"The ledger {half.path} {how}: it was reset after {_last(missing)}. {len(missing):,} entries since "
        f"{_first(missing)} are still in {other_ledger} and are counted."
    ]


def _restored(user: Half, here: Half) -> list[str]:
    cut = [e for e in user.entries if e.restored_at and e.ledger == user.id]
    return _reset(here, [e for e in here.entries if e.restored_at]) + _reset(user, cut)


def _reset(half: Half, restored: Sequence[Entry]) -> list[str]:
    if not restored:
        return []
    noticed = _moment(max(entry.restored_at for entry in restored))
    return [
        f"The ledger {half.path} was reset at some time between {_last(restored)} and {noticed}: "
        f"{len(restored):,} missing entries were restored from the other ledger and are counted."
    ]


def _foreign(user: Half, here: Half) -> list[str]:
    """Entries first counted by another user's ledger: the workspace was copied, or that ledger was deleted."""
    foreign = [entry for entry in here.entries if user.id and entry.ledger != user.id]
    if not foreign:
        return []
    return [
        f"{len(foreign):,} entries of this workspace, {_first(foreign)} to {_last(foreign)}, were counted by another "
        f"user's ledger: the workspace was copied from another account, or the ledger {user.path} was reset at "
        f"{_moment(user.began_at)}. They are counted; that ledger's trials in other workspaces are unknown here."
    ]


def _damaged(half: Half) -> list[str]:
    damage = half.damage()
    if not damage:
        return []
    return [
        f"The ledger {half.path} was edited: {len(damage):,} entries do not match their hash chain, the first of "
        f"{_first(damage)}. Its remaining entries and those of the other ledger are counted."
    ]


def _older_results(user: Half, here: Half, workspace: str) -> list[str]:
    """Stored results that are older than the first entry, so their trials were never counted or were deleted."""
    counted = [*here.entries, *(entry for entry in user.entries if entry.workspace == workspace)]
    began = min((entry.at for entry in counted), default="9999")
    stored = (path.stat().st_mtime for path in here.path.parent.glob("*/*/result.json"))
    older = sum(datetime.fromtimestamp(made, UTC).isoformat() < began for made in stored)
    if not older:
        return []
    return [
        f"{older:,} stored results in {here.path.parent} are older than the first entry: they were made by a Twokey "
        "without a ledger, or both of its files were reset. Their trials are not counted."
    ]


def _first(entries: Sequence[Entry]) -> str:
    return _moment(min(entry.at for entry in entries))


def _last(entries: Sequence[Entry]) -> str:
    return _moment(max(entry.at for entry in entries))


def _moment(at: str) -> str:
    return f"{at[:19]} UTC"
