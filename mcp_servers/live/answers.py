"""Answer models of the live server. Money and quantities are decimal text."""

from pydantic import BaseModel


class LiveStatusAnswer(BaseModel):
    """A session. cover: flat, covered, unprotected or unknown; status: as of `twokey live status --json`, from the last
    run where none runs."""

    session: str
    running: bool
    cover: str
    status: dict[str, object]
    next_step: str


class LiveCommandAnswer(BaseModel):
    """What the daemon did."""

    done: str
    flat: bool | None
    verified_reads: int
    next_step: str


class ExplainAnswer(BaseModel):
    """The session's result less the replay's, and parts that add up to it, as decimal text in basis points."""

    difference_bps: str
    parts_bps: dict[str, str]
    trades: list[dict[str, object]]
    path: str
    next_step: str
