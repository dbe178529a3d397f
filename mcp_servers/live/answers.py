"""Answer models of the live server. Money and quantities are decimal text."""

from pydantic import BaseModel, Field


class LiveStatusAnswer(BaseModel):
    """A session; `status` has the fields of `twokey live status --json`, from the last run where none runs."""

    session: str
    running: bool
    paused: bool
    killed: bool
    cover: str = Field(description="of the positions: flat, covered, unprotected or unknown")
    status: dict[str, object]
    next_step: str


class LiveCommandAnswer(BaseModel):
    """What the daemon did."""

    session: str
    done: str
    flat: bool | None = Field(description="verified by two reads; null if not asked for")
    verified_reads: int
    notes: list[str]
    next_step: str
