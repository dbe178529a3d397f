"""The trial ledger: counts every configuration before it is evaluated on candles.

A trial is one version of a strategy's code with one set of parameters and settings, on one timeframe of one market.
Repeating it adds no trial. The count deflates Sharpe ratios (Bailey & López de Prado 2014, "The Deflated Sharpe
Ratio"), so it must never be too low: it is stored for the user and in the workspace, and the union counts.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from skills_lib.backtest.trials import TrialCount
from skills_lib.ledger.integrity import notices_of
from skills_lib.ledger.model import CandleIdentity, EvaluationContext
from skills_lib.ledger.store import Draft, Entry, Half, LedgerFiles

if TYPE_CHECKING:
    from skills_lib.settings import Settings

Keys = npt.NDArray[np.uint64]
"""64-bit hashes of configurations: among a million, two collide with a probability of 3 in 100 million."""
Sharpes = npt.NDArray[np.float64]

TRIALS, SHARPES, SEAL = "trials", "sharpes", "seal"
_KEY, _SHARPE = np.dtype("<u8"), np.dtype("<f8")
_COMPARABLE = 0.5
"""Sharpe ratios over a smaller share of the requested span are left out: they scatter by sampling error alone."""


@dataclass(frozen=True, slots=True)
class RecordedSharpes:
    """Daily Sharpe ratios of configurations over `days`, nan where undefined."""

    context: EvaluationContext
    keys: Keys
    sharpes: Sharpes
    days: float

    def draft(self) -> Draft:
        payload = self.keys.astype(_KEY).tobytes() + self.sharpes.astype(_SHARPE).tobytes()
        return Draft(SHARPES, self.context.to_json(days=self.days), payload)


class Ledger:
    """The user's and the workspace's ledger files, written together and counted as one.

    `user`: the file outside all workspaces; `home`: the workspace.
    """

    def __init__(self, user: Path, home: Path) -> None:
        self.files = LedgerFiles(user, home / "backtests" / "ledger.sqlite", str(home.resolve()))

    @classmethod
    def of(cls, settings: "Settings") -> "Ledger":
        """The ledger of this user and workspace, independent of the current directory."""
        return cls(settings.home / settings.ledger_dir.expanduser() / "trials.sqlite", settings.home)

    def reserve(self, context: EvaluationContext, keys: Keys, outcomes: Sequence[RecordedSharpes] = ()) -> None:
        """Count configurations before they are evaluated, and store `outcomes` of earlier ones; durable on return.

        Raises:
            OSError: the count cannot be stored, so nothing may be evaluated.
        """
        reserved = Draft(TRIALS, context.to_json(), keys.astype(_KEY).tobytes())
        self.files.append([*(outcome.draft() for outcome in outcomes), reserved])

    def record(self, outcomes: Sequence[RecordedSharpes]) -> None:
        """Store the Sharpe ratios of evaluated configurations.

        Raises:
            OSError: a file cannot be written; the count is not affected.
        """
        self.files.append([outcome.draft() for outcome in outcomes])

    def count(self, *data: CandleIdentity) -> TrialCount:
        """The trials on candles that share bars with any of `data`."""
        return self.read().count(*data)

    def notices(self) -> list[str]:
        """Problems of the files, without checking the content of entries, which `count` and `read` check too."""
        return Contents(*self.files.read(content=False), self.files.here).notices

    def read(self) -> "Contents":
        """The entries of both files and their problems."""
        user, here = self.files.read()
        return Contents(user, here, self.files.here)


@dataclass(frozen=True)
class Contents:
    """Both files as read; `here` is the workspace's."""

    user: Half
    here: Half
    workspace: str

    @cached_property
    def entries(self) -> list[Entry]:
        """The union, oldest first. If an entry was edited in one file, both versions count."""
        every = {(e.digest, e.is_intact or (e.body, e.payload)): e for e in (*self.here.entries, *self.user.entries)}
        return sorted(every.values(), key=lambda entry: entry.at)

    @cached_property
    def notices(self) -> list[str]:
        return notices_of(self.user, self.here, self.workspace)

    @cached_property
    def reserved(self) -> list[tuple[Entry, EvaluationContext, Keys]]:
        """Every reservation with its context and its configurations."""
        found = [(e, context_of(e), _keys(e)) for e in self.entries if e.kind == TRIALS]
        return [(entry, context, keys) for entry, context, keys in found if context is not None]

    @cached_property
    def outcomes(self) -> list[RecordedSharpes]:
        """Every recorded outcome, oldest first."""
        found = (_recorded_sharpes(entry) for entry in self.entries if entry.kind == SHARPES)
        return [outcome for outcome in found if outcome is not None]

    def count(self, *data: CandleIdentity) -> TrialCount:
        """The trials on candles that share bars with any of `data`."""
        outcomes = self._outcomes_on(data)
        days = max(one.days for one in data)
        sharpes = _sharpes([outcome for outcome in outcomes if outcome.days >= _COMPARABLE * days])
        return TrialCount(
            configurations=len(self.configurations(*data)),
            evaluated=len(union(outcome.keys for outcome in outcomes)),
            sharpes=len(sharpes),
            sharpe_variance=float(sharpes.var(ddof=1)) if len(sharpes) > 1 else None,
            notices=self.notices,
        )

    def configurations(self, *data: CandleIdentity) -> Keys:
        """The keys of all trials on candles that share bars with any of `data`."""
        reserved = [keys for _, context, keys in self.reserved if _shares_bars(data, context)]
        return union([*reserved, *(outcome.keys for outcome in self._outcomes_on(data))])

    def _outcomes_on(self, data: Sequence[CandleIdentity]) -> list[RecordedSharpes]:
        return [outcome for outcome in self.outcomes if _shares_bars(data, outcome.context)]


def union(keys: Iterable[Keys]) -> Keys:
    """Distinct configurations, in order. `np.unique` would import `numpy.ma`, and every stored answer wait for it."""
    found = np.sort(np.concatenate([np.empty(0, dtype=_KEY), *keys]))
    return found[np.append(True, found[1:] != found[:-1])] if len(found) else found


def _shares_bars(data: Sequence[CandleIdentity], context: EvaluationContext) -> bool:
    return any(one.shares_bars_with(context.data) for one in data)


def _sharpes(outcomes: Sequence[RecordedSharpes]) -> Sharpes:
    """One defined ratio per configuration: that of its longest span, the latest among equal spans."""
    if not outcomes:
        return np.empty(0)
    ordered = sorted(outcomes, key=lambda outcome: outcome.days)
    keys = np.concatenate([outcome.keys for outcome in ordered])[::-1]
    sharpes = np.concatenate([outcome.sharpes for outcome in ordered])[::-1]
    defined = np.isfinite(sharpes)
    _, first = np.unique(keys[defined], return_index=True)
    return np.asarray(sharpes[defined][first], dtype=np.float64)


def context_of(entry: Entry) -> EvaluationContext | None:
    """The context of an entry; None if the entry was made unreadable, which `notices` reports."""
    try:
        return EvaluationContext.from_plain(json.loads(entry.body))
    except (ValueError, TypeError, KeyError):
        return None


def _keys(entry: Entry) -> Keys:
    payload = entry.payload or b""
    return np.frombuffer(payload, dtype=_KEY, count=len(payload) // _KEY.itemsize)


def _recorded_sharpes(entry: Entry) -> RecordedSharpes | None:
    context = context_of(entry)
    payload = entry.payload or b""
    count, rest = divmod(len(payload), _KEY.itemsize + _SHARPE.itemsize)
    if context is None or rest:
        return None
    keys = np.frombuffer(payload, dtype=_KEY, count=count)
    sharpes = np.frombuffer(payload, dtype=_SHARPE, offset=count * _KEY.itemsize)
    return RecordedSharpes(context, keys, sharpes, float(json.loads(entry.body)["days"]))
