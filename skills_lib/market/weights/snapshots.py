"""Request weight of a snapshot of a book."""

SNAPSHOT_WEIGHTS = ((50, 2), (100, 5), (500, 10), (1000, 20))
"""`GET /fapi/v1/depth`: (maximum levels, request weight)."""


def snapshot_weight(limit: int) -> int:
    """Request weight of a snapshot of `limit` levels."""
    return next((weight for levels, weight in SNAPSHOT_WEIGHTS if limit <= levels), SNAPSHOT_WEIGHTS[-1][1])
