"""What a seed decides besides its market and its faults: how the engine trades, and what a person orders meanwhile."""

import random
from dataclasses import dataclass

import msgspec

from live.engine.events import Command
from live.engine.limits import Executor, Limits, effective
from live.engine.settings import EntryKind, ImbalanceSettings
from live.money import SCALE

CAPITAL = 40_000 * SCALE
_COMMANDS_WITHIN_MS = 22_000
SETTINGS = ImbalanceSettings(
    depth=5,
    target_bps=8 * SCALE,
    stop_bps=6 * SCALE,
    hold_ms=4_000,
    cooldown_ms=500,
    stop_pause_ms=2_000,
    max_spread_bps=2 * SCALE,
    max_age_ms=1_500,
    post_only_wait_ms=800,
)
_HOLDS_MS = (4_000, 4_000, 4_000, 20_000, 60_000)
"""60 s is longer than a schedule trades: then only target, stop and kill close a position."""
TIGHTER: tuple[dict[str, int], ...] = (
    {"trades_per_day": 2},
    {"open_positions": 1},
    {"daily_loss": 40 * SCALE},
    {"drawdown": 40 * SCALE},
    {"position": 4_000 * SCALE},
    {"orders_per_second": 3},
    {"orders_per_fill": 3},
)
_COMMANDS: tuple[tuple[Command, ...], ...] = (
    (Command.PAUSE, Command.RESUME),
    (Command.PAUSE, Command.RESUME),
    (Command.STOP, Command.RESUME),
    (Command.KILL, Command.RESUME),
    (Command.KILL, Command.PAUSE, Command.RESUME),
)


@dataclass(frozen=True, slots=True)
class Variation:
    """commands: milliseconds after the start, and what is then ordered, in order of time."""

    settings: ImbalanceSettings
    limits: Limits
    commands: tuple[tuple[int, Command], ...]


def variation_of(seed: int) -> Variation:
    """The variation of a seed: a quarter enters with post-only orders, a fifth holds for long, a third commands."""
    source = random.Random(f"schedule variation {seed}")
    hold_ms = source.choice(_HOLDS_MS)
    entry = EntryKind.POST_ONLY if seed % 4 == 3 else EntryKind.TAKER
    tighter = source.choice(TIGHTER) if source.random() < 0.25 else {}
    limits = effective(Executor.SCALP, CAPITAL, tighter)
    settings = msgspec.structs.replace(SETTINGS, entry=entry, hold_ms=hold_ms)
    return Variation(settings, limits, _commands(source) if source.random() < 0.35 else ())


def _commands(source: random.Random) -> tuple[tuple[int, Command], ...]:
    commands = source.choice(_COMMANDS)
    times = sorted(source.randrange(1, _COMMANDS_WITHIN_MS) for _ in commands)
    return tuple(zip(times, commands, strict=True))
