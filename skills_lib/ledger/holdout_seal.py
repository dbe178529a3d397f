"""The seal: the last tenth of the candles, looked at once, at deployment, and every look is written down.

Bars that were looked at are spent: what the same strategy becomes after the look was fitted to them too. So it may not
open them again with other parameters, settings or code, and whoever opens them later is told of the looks before.
"""

import json
from collections.abc import Mapping
from contextlib import suppress

from skills_lib.domain.constraints import Value
from skills_lib.domain.errors import InputError
from skills_lib.domain.time import utc
from skills_lib.ledger.ledger import SEAL, Contents, Ledger, asked_of, union
from skills_lib.ledger.model import Asked, SealOpening
from skills_lib.ledger.store import Draft, Entry


def open_seal(ledger: Ledger, asked: Asked, parameters: Mapping[str, Value], reason: str = "") -> SealOpening:
    """Record that the sealed bars `asked.data` are about to be looked at; durable when this returns.

    The same bars with the same code, settings and parameters give the first opening back, and nothing is written.

    Raises:
        InputError: this strategy has looked at some of these bars with other parameters, settings or code.
        OSError: the opening cannot be recorded, so the bars stay sealed.
    """
    draft = Draft(SEAL, asked.to_json(parameters=dict(parameters), reason=reason))
    with suppress(_OpenedBeforeError):
        ledger.files.append([draft], lambda seals: _check(seals, asked, parameters))
    contents = ledger.read()
    return next(
        _opening(contents, entry)
        for entry in _seals(contents)
        if _same(entry, asked, parameters) and _asked(entry).data == asked.data
    )


def openings(ledger: Ledger, asked: Asked) -> list[SealOpening]:
    """Every look at any of the sealed bars `asked.data`, by any strategy, oldest first."""
    contents = ledger.read()
    seals = [entry for entry in _seals(contents) if _asked(entry).data.shares_bars_with(asked.data)]
    return [_opening(contents, entry) for entry in seals]


def every_opening(contents: Contents) -> list[SealOpening]:
    """Every look at sealed bars of any market, oldest first."""
    return [_opening(contents, entry) for entry in _seals(contents)]


class _OpenedBeforeError(Exception):
    """The very same opening is in the ledger."""


def _check(seals: list[Entry], asked: Asked, parameters: Mapping[str, Value]) -> None:
    for entry in seals:
        before = asked_of(entry)
        if before is None or before.strategy != asked.strategy or not before.data.shares_bars_with(asked.data):
            continue
        if not _same(entry, asked, parameters):
            raise InputError(
                f"{asked.strategy} opened the seal of {asked.data.symbol} {asked.data.timeframe} at {entry.at} with "
                f"{_words(_parameters(entry))}: those bars are spent for it. Deploy that, or wait for new bars."
            )
        if before.data == asked.data:
            raise _OpenedBeforeError


def _same(entry: Entry, asked: Asked, parameters: Mapping[str, Value]) -> bool:
    before = _asked(entry)
    hashes = (before.code_sha256, before.settings_sha256) == (asked.code_sha256, asked.settings_sha256)
    return hashes and _parameters(entry) == dict(parameters)


def _seals(contents: Contents) -> list[Entry]:
    return [entry for entry in contents.entries if entry.kind == SEAL and asked_of(entry) is not None]


def _opening(contents: Contents, entry: Entry) -> SealOpening:
    asked = _asked(entry)
    looks = [e for e in _seals(contents) if e.at < entry.at and _asked(e).data.shares_bars_with(asked.data)]
    tried = [keys for e, a, keys in contents.reserved if e.at < entry.at and a.data.shares_bars_with(asked.data)]
    return SealOpening(
        strategy=asked.strategy,
        parameters=_parameters(entry),
        **asked.data._asdict() | {"start": utc(asked.data.first_ns), "end": utc(asked.data.end_ns)},
        origin=asked.origin,
        reason=json.loads(entry.body).get("reason", ""),
        opened_at=entry.at,
        number=1 + len(looks),
        tried_before=len(union(tried)),
    )


def _asked(entry: Entry) -> Asked:
    asked = asked_of(entry)
    assert asked is not None
    return asked


def _parameters(entry: Entry) -> dict[str, Value]:
    found: dict[str, Value] = json.loads(entry.body)["parameters"]
    return found


def _words(parameters: Mapping[str, Value]) -> str:
    return ", ".join(f"{name} {value}" for name, value in parameters.items()) or "no parameters"
