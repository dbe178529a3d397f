"""Answer models of the live server. Money and quantities are decimal text."""

from pydantic import BaseModel, Field


class LiveStatusAnswer(BaseModel):
    """A session; `status` has the fields of `twokey live status --json`, from the last run where none runs."""

    session: str
    running: bool
    cover: str = Field(description="flat, covered, unprotected or unknown")
    status: dict[str, object]
    next_step: str


class LiveCommandAnswer(BaseModel):
    """What the daemon did."""

    done: str
    flat: bool | None
    verified_reads: int
    notes: list[str]
    next_step: str
