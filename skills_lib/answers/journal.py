"""Answers about journals of trading runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from skills_lib.answers.model import Answer

if TYPE_CHECKING:
    from skills_lib.trades.journal.verification import Verified


class JournalCheckAnswer(Answer):
    """A journal that holds. Times in nanoseconds since 1970; `updates`: market updates inside blocks.

    `anchored`: whether --head was given, without which a cut tail is not seen; `after_head`: records behind that head.
    """

    file: Path
    run: str
    records: int
    updates: int
    first_ns: int
    last_ns: int
    head: str
    anchored: bool
    after_head: int

    @classmethod
    def of(cls, file: Path, found: "Verified") -> Self:
        """The answer about a file."""
        return cls(file=file, **found._asdict())


class JournalReplayAnswer(Answer):
    """A journal whose actions are those of the engine, byte for byte.

    `unwritten`: actions of the last event that the journal does not have, as after a crash between the two.
    """

    file: Path
    events: int
    actions: int
    unwritten: int
    decisions_sha256: str


class WhyAnswer(Answer):
    """Why an order was sent (`decision` approved) or refused. Amounts are decimal text; levels are price and quantity.

    `refusal`: risk's word and sentence. `book`: `ratio` is the bid volume of the strategy's levels over the ask volume.
    `limits`: each `limit` with what the order would have `used` of what is `allowed`, in the limit's unit; none for
    exits and stops, which no limit refuses. `effective_limits`, `settings`: of the run. `records`: all about the order.
    """

    MATTERS: ClassVar = ("order", "book", "state", "limits", "effective_limits", "settings")

    order: dict[str, Any]
    decision: str
    reason: str
    refusal: dict[str, str] | None
    time_ns: int
    sequence: int
    book: dict[str, Any] | None
    state: dict[str, str]
    limits: list[dict[str, str]]
    effective_limits: dict[str, Any]
    settings: dict[str, Any]
    records: list[dict[str, Any]]
    journal: Path
