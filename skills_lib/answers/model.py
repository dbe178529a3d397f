"""The base of all answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from skills_lib.answers.bounds import MAX_BYTES, Unbroken, bounded, plain, spelled, text_of
from skills_lib.domain.models import FrozenModel

FIGURE_UNITS = (
    "names ending in _pct: percent; _bps: basis points; _days: days; fees, funding, spread, profit, equity: quote "
    "currency; other figures have no unit"
)

_LAST = {"trial_meter": 1, "path": 2, "next": 3}


class Answer(FrozenModel):
    """What matters of a result, most important first.

    `path`: the file with the complete answer. `next`: the command to run next, or empty.
    `MATTERS` names the fields that are shortened last.
    """

    MATTERS: ClassVar[tuple[str, ...]] = ()

    path: Path | None = None
    next: str = ""

    def payload(self) -> dict[str, Any]:
        """The fields as JSON has them, `path` and `next` last; longer than MAX_BYTES if the answer is."""
        fields = plain(self.model_dump())
        return {name: fields[name] for name in sorted(fields, key=lambda name: _LAST.get(name, 0))}

    def text(self, limit: int = MAX_BYTES, spell: Callable[[str], str] = str) -> str:
        """One JSON object of at most `limit` bytes: lists and long texts are shortened, largest first.

        A shortened list or map `x` is followed by `x_total`, how many there are. Paths, ids and `next` are never
        shortened. `spell` words each text, but no path, as the interface says it.
        """
        fields = spelled(self.payload(), spell)
        fields["next"] = Unbroken(fields["next"])
        return text_of(bounded(fields, limit, (*self.MATTERS, "trial_meter")))


class SearchAnswer(Answer):
    """An answer to a search. `trial_meter`: as `skills_lib.ledger.meter.TrialMeter`; null where none was read."""

    trial_meter: dict[str, Any] | None = None


def complete_text(fields: dict[str, Any]) -> str:
    """A complete answer as JSON, indented."""
    return json.dumps(plain(fields), ensure_ascii=False, allow_nan=False, indent=1, default=str) + "\n"
