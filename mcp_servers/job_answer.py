"""The answer of tools about background jobs."""

from pydantic import BaseModel, Field


class JobAnswer(BaseModel):
    """State of a job."""

    job_id: str
    state: str = Field(description="starting, running, done, failed, cancelled, or died")
    done: int
    total: int
    message: str
    error: str
    started_at: str
    next_step: str
