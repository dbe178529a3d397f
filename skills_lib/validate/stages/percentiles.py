"""Percentiles and histogram of a sampled distribution."""

from typing import Self

import numpy as np

from skills_lib.domain.bars import FloatArray
from skills_lib.domain.models import FrozenModel

PERCENTS = (5, 25, 50, 75, 95)


class Percentiles(FrozenModel):
    """Five percentiles of a sample, linearly interpolated, in the unit of the field that holds them."""

    p5: float
    p25: float
    p50: float
    p75: float
    p95: float

    @classmethod
    def of(cls, values: FloatArray) -> Self:
        """Percentiles of float64[n], n > 0, all finite."""
        return cls(**dict(zip(cls.model_fields, np.percentile(values, PERCENTS).tolist(), strict=True)))


class Histogram(FrozenModel):
    """Counts of a sample between consecutive `edges`; one more edge than counts."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    @classmethod
    def of(cls, values: FloatArray, bins: int = 40) -> Self:
        """Histogram of float64[n] between its minimum and maximum, in bins of equal width."""
        counts, edges = np.histogram(values, bins=bins)
        return cls(edges=tuple(edges.tolist()), counts=tuple(counts.tolist()))
