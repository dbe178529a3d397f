"""Opens the sealed holdout (the last tenth of the candles) and records every opening in the trial ledger.

A strategy may open sealed bars once: a version changed after the opening was fitted to those bars too. It cannot
reopen them with other parameters, settings or code, and later openings by other strategies list the earlier ones.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress

from skills_lib.domain.constraints import Value
from skills_lib.domain.errors import InputError
from skills_lib.domain.time import utc
from skills_lib.ledger.ledger import SEAL, Contents, Ledger, context_of, union
from skills_lib.ledger.model import EvaluationContext, SealOpening
from skills_lib.ledger.store import Draft, Entry


class LedgerHoldoutSeal:
    """A `validate.pipeline.HoldoutSeal` stored in the trial ledger. `context.data`: the sealed bars only."""

    def __init__(self, ledger: Ledger, context: EvaluationContext) -> None:
        self._ledger, self._context = ledger, context

    def openings(self) -> Sequence[SealOpening]:
        """All openings of any of these bars, oldest first."""
        return openings(self._ledger, self._context)

    def open(self, parameters: Mapping[str, Value], reason: str) -> SealOpening:
        """Record an opening.

        Raises:
            InputError: this strategy opened some of these bars before with other parameters, settings or code.
            OSError: the opening cannot be recorded.
        """
        return open_seal(self._ledger, self._context, parameters, reason)


def open_seal(
    ledger: Ledger, context: EvaluationContext, parameters: Mapping[str, Value], reason: str = ""
) -> SealOpening:
    """Record that the sealed bars `context.data` are about to be evaluated; durable when this returns.

    Repeating an opening (same bars, code, settings and parameters) returns the first one and writes nothing.

    Raises:
        InputError: this strategy opened some of these bars before with other parameters, settings or code.
        OSError: the opening cannot be recorded, so the bars stay sealed.
    """
    draft = Draft(SEAL, context.to_json(parameters=dict(parameters), reason=reason))
    with suppress(_OpenedBeforeError):
        ledger.files.append([draft], lambda seals: _check(seals, context, parameters))
    contents = ledger.read()
    return next(
        _opening(contents, entry)
        for entry in _seals(contents)
        if _same(entry, context, parameters) and _context(entry).data == context.data
    )


def openings(ledger: Ledger, context: EvaluationContext) -> list[SealOpening]:
    """All openings of any of the sealed bars `context.data`, by any strategy, oldest first."""
    contents = ledger.read()
    seals = [entry for entry in _seals(contents) if _context(entry).data.shares_bars_with(context.data)]
    return [_opening(contents, entry) for entry in seals]


def all_openings(contents: Contents) -> list[SealOpening]:
    """All openings of sealed bars of any market, oldest first."""
    return [_opening(contents, entry) for entry in _seals(contents)]


class _OpenedBeforeError(Exception):
    """The ledger already holds this opening."""


def _check(seals: list[Entry], context: EvaluationContext, parameters: Mapping[str, Value]) -> None:
    for entry in seals:
        before = context_of(entry)
        if before is None or before.strategy != context.strategy or not before.data.shares_bars_with(context.data):
            continue
        if not _same(entry, context, parameters):
            raise InputError(
                f"{context.strategy} opened the seal of {context.data.symbol} {context.data.timeframe} at {entry.at} "
                f"with {_parameter_text(_parameters(entry))}: each strategy gets one opening. "
                "Deploy those parameters, or wait for new bars."
            )
        if before.data == context.data:
            raise _OpenedBeforeError


def _same(entry: Entry, context: EvaluationContext, parameters: Mapping[str, Value]) -> bool:
    before = _context(entry)
    hashes = (before.code_sha256, before.settings_sha256) == (context.code_sha256, context.settings_sha256)
    return hashes and _parameters(entry) == dict(parameters)


def _seals(contents: Contents) -> list[Entry]:
    return [entry for entry in contents.entries if entry.kind == SEAL and context_of(entry) is not None]


def _opening(contents: Contents, entry: Entry) -> SealOpening:
    context = _context(entry)
    earlier = [e for e in _seals(contents) if e.at < entry.at and _context(e).data.shares_bars_with(context.data)]
    tried = [keys for e, a, keys in contents.reserved if e.at < entry.at and a.data.shares_bars_with(context.data)]
    return SealOpening(
        strategy=context.strategy,
        parameters=_parameters(entry),
        **context.data._asdict() | {"start": utc(context.data.first_ns), "end": utc(context.data.end_ns)},
        origin=context.origin,
        reason=json.loads(entry.body).get("reason", ""),
        opened_at=entry.at,
        number=1 + len(earlier),
        tried_before=len(union(tried)),
    )


def _context(entry: Entry) -> EvaluationContext:
    context = context_of(entry)
    assert context is not None
    return context


def _parameters(entry: Entry) -> dict[str, Value]:
    parameters: dict[str, Value] = json.loads(entry.body)["parameters"]
    return parameters


def _parameter_text(parameters: Mapping[str, Value]) -> str:
    return ", ".join(f"{name} {value}" for name, value in parameters.items()) or "no parameters"
