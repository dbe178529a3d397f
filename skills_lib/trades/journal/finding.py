"""Finds the journal that an order is in."""

from collections.abc import Iterable
from pathlib import Path

from skills_lib.domain.errors import InputError


def journals_in(folders: Iterable[Path]) -> list[Path]:
    """All journals (`*.jsonl`) in these folders and theirs, the newest first."""
    found = {path for folder in folders for path in folder.rglob("*.jsonl")}
    return sorted(found, key=lambda path: (-path.stat().st_mtime_ns, str(path)))


def journal_of(order_id: str, folders: Iterable[Path]) -> Path:
    """The newest journal with an order of this client id, or of this exchange's id.

    Raises:
        InputError: there is none, or the id cannot be one.
    """
    if not order_id.isascii() or not order_id.isprintable() or '"' in order_id or "\\" in order_id:
        raise InputError(
            "The order id has characters that no order id has. Give it as the journal or exchange shows it."
        )
    searched = list(folders)
    for path in journals_in(searched):
        if _mentions(path, order_id):
            return path
    places = " and ".join(str(folder) for folder in searched)
    raise InputError(f"No journal in {places} has an order '{order_id}'. Name the file of its journal.")


def _mentions(path: Path, order_id: str) -> bool:
    wanted = [f'"client_id":"{order_id}"'.encode()]
    if order_id.isdecimal():
        wanted += [f'"order_id":{order_id}{end}'.encode() for end in ",}"]
    with path.open("rb") as file:
        return any(text in line for line in file for text in wanted)
