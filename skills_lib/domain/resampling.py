"""Rows of the stationary bootstrap, which keeps the dependence of neighbours within blocks."""

import numpy as np

from skills_lib.domain.bars import IntArray


def stationary_indices(observations: int, mean_length: float, samples: int, rng: np.random.Generator) -> IntArray:
    """int64[samples, observations]: blocks of geometric length from uniform starts, wrapped around the end.

    All samples are cut from one long row of blocks; geometric lengths are memoryless, so this changes no distribution.
    Source: Politis & Romano, The Stationary Bootstrap (1994).
    """
    total = samples * observations
    begins = rng.random(total, dtype=np.float32) < 1 / mean_length
    begins[::observations] = True
    starts = np.flatnonzero(begins)
    shift = rng.integers(observations, size=len(starts)) - starts
    rows = np.arange(total) + shift[np.cumsum(begins, dtype=np.int32) - 1]
    return np.remainder(rows, observations).reshape(samples, observations)
