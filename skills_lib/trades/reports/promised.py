"""What a strategy promised before: its newest stored validation or replay, and of live trading what it did on paper."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec

IMBALANCE: Final = "imbalance"
"""The strategy of replays, which name none."""


@dataclass(frozen=True, slots=True)
class Promised:
    """source: "validation", "replay", or "" where nothing was promised. figures: by name, as text or numbers of the
    stored answer; they describe the past. sentence: the same in words.
    """

    strategy: str = ""
    source: str = ""
    id: str = ""
    created_at: str = ""
    verdict: str = ""
    synthetic: bool = False
    figures: dict[str, Any] = field(default_factory=dict)
    sentence: str = ""


class _Verdict(msgspec.Struct):
    label: str = ""
    word: str = ""


class _Stitched(msgspec.Struct):
    metrics: dict[str, Any] = {}


class _Walked(msgspec.Struct):
    stitched: _Stitched = msgspec.field(default_factory=_Stitched)


class _Validation(msgspec.Struct):
    id: str
    strategy: str
    created_at: str
    symbol: str = ""
    timeframe: str = ""
    synthetic: bool = False
    verdict: _Verdict = msgspec.field(default_factory=_Verdict)
    walk_forward: _Walked = msgspec.field(default_factory=_Walked)


class _Mean(msgspec.Struct):
    mean: float | None = None


class _Figures(msgspec.Struct):
    trades: int = 0
    win_rate: float | None = None
    net_bps: _Mean = msgspec.field(default_factory=_Mean)
    profit_factor: float | None = None


class _Replay(msgspec.Struct):
    id: str
    created_at: str
    synthetic: bool = False
    verdict: _Verdict = msgspec.field(default_factory=_Verdict)
    figures: _Figures = msgspec.field(default_factory=_Figures)


_SHOWN: Final = ("return_pct", "sharpe", "max_drawdown_pct", "trades", "win_rate_pct", "profit_factor")


def promised(strategies: set[str], validations: Path, replays: Path) -> Promised:
    """The newest promise of the one strategy that traded. strategies: of the report; folders: of stored answers."""
    names = sorted(strategies - {""})
    if not names:
        return Promised(sentence="No strategy of this program traded, so nothing was promised.")
    if len(names) > 1:
        return Promised(sentence=f"Several strategies traded: {', '.join(names)}. Name one of them.")
    found = [*_validations(validations, names[0]), *(_replays(replays) if names[0] == IMBALANCE else ())]
    if not found:
        return Promised(names[0], sentence=f"Nothing was promised: {names[0]} has no stored validation or replay.")
    newest: Promised = max(found, key=lambda one: one.created_at)
    return newest


def _validations(folder: Path, strategy: str) -> Iterator[Promised]:
    for found in _stored(folder, _Validation):
        if found.strategy == strategy:
            metrics = found.walk_forward.stitched.metrics
            figures = {name: metrics[name] for name in _SHOWN if metrics.get(name) is not None}
            about = f"{found.symbol} {found.timeframe}"
            yield _made(strategy, "validation", found, found.verdict.label, figures, f"on {about}, out of sample")


def _replays(folder: Path) -> Iterator[Promised]:
    for found in _stored(folder, _Replay):
        own = found.figures
        figures = {"trades": own.trades, "win_rate": own.win_rate, "net_bps": own.net_bps.mean}
        yield _made(IMBALANCE, "replay", found, found.verdict.word, figures, "of recorded books")


def _made(
    strategy: str, source: str, found: "_Validation | _Replay", verdict: str, figures: dict[str, Any], about: str
) -> Promised:
    shown = ", ".join(f"{name} {value:.5g}" for name, value in figures.items() if isinstance(value, int | float))
    synthetic = " Its data were synthetic: it says nothing about a market." if found.synthetic else ""
    sentence = (
        f"The {source} {found.id} {about} ended with {verdict or 'no verdict'}: {shown or 'no figures'}.{synthetic}"
    )
    return Promised(strategy, source, found.id, found.created_at, verdict, found.synthetic, figures, sentence)


def _stored(folder: Path, kind: type[Any]) -> Iterator[Any]:
    """Answers in folders below; one that cannot be read is left out."""
    for path in sorted(folder.rglob("result.json")) if folder.is_dir() else ():
        try:
            yield msgspec.json.decode(path.read_bytes(), type=kind)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            continue
