"""Answer models of the strategy server."""

from pydantic import BaseModel, Field


class StrategySource(BaseModel):
    """The source of a strategy."""

    strategy: str
    source: str
    truncated: bool
    path: str
    next_step: str


class CheckLine(BaseModel):
    """The outcome of one check; `passed` is null where nothing could be checked."""

    name: str
    passed: bool | None
    reason: str


class CreatedStrategy(BaseModel):
    """A strategy file that was written, and its checks."""

    strategy: str
    path: str
    replaced: str | None = Field(description="where the old file is kept")
    passed: bool = Field(description="no check failed; no evidence of an edge")
    checks: list[CheckLine]
    next_step: str
