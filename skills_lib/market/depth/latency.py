"""Measures message latency between the exchange's and the local clock in a bounded histogram."""

from pydantic import BaseModel

_NS_PER_MS = 1_000_000
_MAX_MS = 60_000


class LatencyReport(BaseModel):
    """Receive time minus the exchange's event time. Negative values mean that the clocks disagree."""

    messages: int
    min_ms: float
    median_ms: float
    p99_ms: float
    max_ms: float
    negative_share: float


class LatencyHistogram:
    """Counts latencies per millisecond; percentiles clip them to one minute."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self.messages = 0
        self.negative = 0
        self._min_ns = self._max_ns = 0

    def add(self, latency_ns: int) -> None:
        """Count one message."""
        bucket = max(-_MAX_MS, min(_MAX_MS, latency_ns // _NS_PER_MS))
        self._counts[bucket] = self._counts.get(bucket, 0) + 1
        self._min_ns = min(self._min_ns, latency_ns) if self.messages else latency_ns
        self._max_ns = max(self._max_ns, latency_ns) if self.messages else latency_ns
        self.messages += 1
        self.negative += latency_ns < 0

    def percentile_ms(self, share: float) -> float:
        """The quantile `share` (0 to 1) of latency in ms, rounded down to whole ms.

        Raises:
            ValueError: nothing was counted.
        """
        counted = 0
        for bucket in sorted(self._counts):
            counted += self._counts[bucket]
            if counted >= share * self.messages:
                return float(bucket)
        raise ValueError("no message was counted")

    def report(self) -> LatencyReport | None:
        """The statistics, or None if no message was counted."""
        if not self.messages:
            return None
        return LatencyReport(
            messages=self.messages,
            min_ms=self._min_ns / _NS_PER_MS,
            median_ms=self.percentile_ms(0.5),
            p99_ms=self.percentile_ms(0.99),
            max_ms=self._max_ns / _NS_PER_MS,
            negative_share=self.negative / self.messages,
        )

    def describe_negative(self) -> str:
        """A one-line warning about negative latencies."""
        return (
            f"{self.negative:,} of {self.messages:,} messages were received before the exchange sent them, the worst "
            f"{-self._min_ns / _NS_PER_MS:,.0f} ms: the recorder's clock was behind, so latencies are unreliable."
        )
