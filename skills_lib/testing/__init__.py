"""For tests of strategies: bars from given prices or a random walk, and the checks that every strategy must pass."""

from skills_lib.testing.bars import MIDNIGHT_NS, from_closes, from_rows, random_walk

__all__ = ["MIDNIGHT_NS", "from_closes", "from_rows", "random_walk"]
