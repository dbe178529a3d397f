"""The base of all answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel

from skills_lib.answers.bounds import MAX_BYTES, Unbroken, bounded, plain, spelled, text_of
from skills_lib.domain.models import FrozenModel

FIGURE_UNITS = (
    "names ending in _pct: percent; _bps: basis points; _days: days; fees, funding, spread, profit, equity: quote "
    "currency; other figures have no unit"
)


class Answer(FrozenModel):
    """What matters of a result, most important first.

    `path`: the file with the complete answer. `next`: the command to run next, or empty.
    `MATTERS` names the fields that are shortened last.
    """

    MATTERS: ClassVar[tuple[str, ...]] = ()

    path: Path | None = None
    next: str = ""

    def payload(self) -> dict[str, Any]:
        """The fields as JSON has them, longer than MAX_BYTES if the answer is."""
        return _ordered(plain(self.model_dump()))

    def text(self, limit: int = MAX_BYTES, spell: Callable[[str], str] = str) -> str:
        """One JSON object of at most `limit` bytes: lists and long texts are shortened, largest first.

        A shortened list or map `x` is followed by `x_total`, how many there are. Paths, ids and `next` are never
        shortened. `spell` words each text, but no path, as the interface says it.
        """
        fields = spelled(self.payload(), spell)
        fields["next"] = Unbroken(fields["next"])
        return text_of(_ordered(bounded(fields, limit, (*self.MATTERS, "trial_meter"))))


class SearchAnswer(Answer):
    """An answer to a search. `trial_meter`: as `skills_lib.ledger.meter.TrialMeter`; null where none was read."""

    trial_meter: dict[str, Any] | None = None


def _ordered(fields: dict[str, Any]) -> dict[str, Any]:
    """`fields` with the trial meter, `path` and `next` at the end, where a reader finds them."""
    last = ("trial_meter", "path", "next")
    names = sorted(fields, key=lambda name: (name in last, last.index(name) if name in last else 0))
    return {name: fields[name] for name in names}


def files_of(artifacts: BaseModel) -> dict[str, Path]:
    """The files of a stored result by name, without the drawings that are missing."""
    return {name: path for name, path in artifacts if isinstance(path, Path)}


def complete_text(fields: dict[str, Any]) -> str:
    """A complete answer as JSON, indented."""
    return json.dumps(plain(fields), ensure_ascii=False, allow_nan=False, indent=1, default=str) + "\n"
