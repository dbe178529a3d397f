"""What is wrong with a series of bars."""

from pydantic import BaseModel, ConfigDict


class QualityReport(BaseModel):
    """Counts of defects; gaps are reported, never filled."""

    model_config = ConfigDict(frozen=True)

    bars: int
    gaps: int
    missing_bars: int
    duplicates: int
    unordered: int
    ohlc_violations: int
    zero_volume: int
    spikes: int
