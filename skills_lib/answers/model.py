"""The base of all answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from skills_lib.answers.bounds import MAX_BYTES, bounded, plain, spelled, text_of
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
        """The fields as JSON has them, `next` and `path` last; longer than MAX_BYTES if the answer is."""
        fields = plain(self.model_dump())
        return {name: fields[name] for name in sorted(fields, key=("next", "path").count)}

    def text(self, limit: int = MAX_BYTES, spell: Callable[[str], str] = str) -> str:
        """One JSON object of at most `limit` bytes: lists and long texts are shortened, largest first.

        A shortened list or map `x` is followed by `x_total`, how many there are. Paths and ids are never shortened.
        `spell` words each text, but no path, as the interface says it.
        """
        return text_of(bounded(spelled(self.payload(), spell), limit, self.MATTERS))


def complete_text(fields: dict[str, Any]) -> str:
    """A complete answer as JSON, indented."""
    return json.dumps(plain(fields), ensure_ascii=False, allow_nan=False, indent=1, default=str) + "\n"
