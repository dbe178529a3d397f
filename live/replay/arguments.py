"""Settings of the strategy as a person writes them: `buy_ratio=3.0`, `depth=5`, `entry=post-only`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from live.engine.limits import Executor
from live.engine.settings import EntryKind, ImbalanceSettings
from live.money import SCALE, parse, plain
from live.replay.conditions import Conditions
from live.start.given_limits import amount_of, limits_of
from skills_lib.domain.errors import InputError, did_you_mean

_COUNTS = ("depth", "persistence", "pause_after_stops")
_HIGHEST: Mapping[str, int] = {
    "depth": 1_000,
    "persistence": 10_000,
    "pause_after_stops": 10_000,
    "buy_ratio": 10_000 * SCALE,
    "sell_ratio": 10_000 * SCALE,
    "max_slippage_bps": 1_000 * SCALE,
    "order_usd": 1_000_000_000 * SCALE,
}
_HIGHEST_BPS, _HIGHEST_MS = 5_000 * SCALE, 86_400_000
_MAY_BE_ZERO = ("cooldown_ms", "stop_pause_ms", "max_slippage_bps")


def settings_of(given: Mapping[str, str]) -> ImbalanceSettings:
    """The settings with some of them given as text.

    Raises:
        InputError: an unknown name, or a value that is not allowed.
    """
    names = ImbalanceSettings.__struct_fields__
    for name in given:
        if name not in names:
            raise InputError(f"Unknown parameter '{name}'.{did_you_mean(name, names)} Allowed: {', '.join(names)}.")
    settings = msgspec.structs.replace(
        ImbalanceSettings(), **{name: _value(name, text) for name, text in given.items()}
    )
    if settings.sell_ratio >= settings.buy_ratio:
        raise InputError(
            f"sell_ratio={plain(settings.sell_ratio)} is not below buy_ratio={plain(settings.buy_ratio)}, so one book "
            "would say both. Give a lower sell_ratio."
        )
    return settings


def shown(settings: ImbalanceSettings) -> dict[str, str]:
    """Every setting as it would be given."""
    return {name: _text(name, getattr(settings, name)) for name in settings.__struct_fields__}


def _value(name: str, text: str) -> Any:
    if name == "entry":
        if text not in tuple(EntryKind):
            raise InputError(f"entry={text[:40]} is not allowed. Give {' or '.join(EntryKind)}.")
        return EntryKind(text)
    low, high = 0 if name in _MAY_BE_ZERO else 1, _highest(name)
    value = _number(name, text)
    if value is None or not low <= value <= high:
        bounds = f"more than 0 and at most {_text(name, high)}" if low else f"0 to {_text(name, high)}"
        kind = "a whole number, " if _is_whole(name) else ""
        raise InputError(f"{name}={text[:40]} is not allowed. Give {kind}{bounds}.")
    return value


def _number(name: str, text: str) -> int | None:
    if _is_whole(name):
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
    try:
        return parse(text)
    except ValueError:
        return None


def _highest(name: str) -> int:
    return _HIGHEST.get(name, _HIGHEST_MS if name.endswith("_ms") else _HIGHEST_BPS)


def _is_whole(name: str) -> bool:
    return name in _COUNTS or name.endswith("_ms")


def _text(name: str, value: Any) -> str:
    return str(value) if _is_whole(name) or name == "entry" else plain(value)


def conditions_of(
    symbol: str, capital: str, limits: Mapping[str, str], limits_file: Path | None, seed: int
) -> Conditions:
    """What is the same in all runs, from text.

    Raises:
        InputError: no amount of capital, or limits that are not allowed.
    """
    amount = amount_of("capital", capital)
    allowed = limits_of(Executor.SCALP, amount, limits, limits_file)
    return Conditions(symbol=symbol, capital=amount, limits=allowed, seed=seed)
