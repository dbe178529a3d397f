"""Persists accounts, orders and positions in one SQLite file and restores them after a restart.

Each step that changes something is one transaction, so a killed process keeps everything it has confirmed.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from filelock import FileLock, Timeout

from live.simulator.core.accounts import Account, FeeTier
from live.simulator.core.algo_orders import AlgoOrder
from live.simulator.core.bnb import BnbWallet
from live.simulator.core.events import AccountChanged, AlgoChanged, Answered, Event, OrderChanged
from live.simulator.core.insurance import InsuranceFund
from live.simulator.core.orders import Amendment, Income, MarginMove, Order, SymbolSettings, TradeRecord
from live.simulator.core.positions import Position
from live.simulator.core.state import Numbers, State
from skills_lib.domain.errors import CorruptDataError, InputError

T = TypeVar("T")
_LISTS: dict[str, type] = {
    "trades": TradeRecord,
    "incomes": Income,
    "amendments": Amendment,
    "margin_moves": MarginMove,
}
_SCHEMA = """
CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS algos (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS trades (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS incomes (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS amendments (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS margin_moves (id INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS accounts (name TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS venue (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class SavedAccount:
    """An account as stored."""

    name: str
    wallet: int
    fees: FeeTier
    dual_side: bool
    positions: list[Position]
    settings: dict[str, SymbolSettings]
    updated_ms: int
    multi_assets: bool = False
    fee_burn: bool = True
    bnb: BnbWallet = field(default_factory=BnbWallet)
    deposited: int | None = None
    warned: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SavedVenue:
    """Data of no single account: id counters, countdowns, the insurance fund, and prices and funding of each symbol.

    funding: last and next funding time and the interval, in milliseconds.
    """

    numbers: Numbers
    countdowns: list[tuple[str, str, int]]
    marks: dict[str, int]
    last_prices: dict[str, int]
    fund: InsuranceFund = field(default_factory=InsuranceFund)
    funding: dict[str, tuple[int, int, int]] = field(default_factory=dict)


class Store:
    """The SQLite store. Call `restore` once before the first step, `record` after every step.

    One process at a time: a lock beside the file is held until `close`, and freed by the system if the process dies.

    Raises:
        InputError: another simulator uses the file.
        CorruptDataError: the file is no store.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._lock = FileLock(f"{path}.lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise InputError(
                f"Another simulator uses the session {path.stem}. Stop it, or take another name with --session."
            ) from None
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            raise CorruptDataError(
                f"{path} is not an account store ({error}). Move the file away to start fresh."
            ) from None
        self._written = {name: self._count(name) for name in _LISTS}

    def close(self) -> None:
        """Close the file and free its lock."""
        self._connection.close()
        self._lock.release()

    def record(self, state: State, events: list[Event]) -> None:
        """Write what the events changed."""
        if all(isinstance(event, Answered) for event in events) and not self._settings_changed(events):
            return
        with self._transaction():
            self._write_orders(state, events)
            for name in _LISTS:
                self._write_list(name, getattr(state, name))
            for account in {event.account for event in events if not isinstance(event, Answered)}:
                self.write_account(state.accounts[account])
            self._write_venue(state)

    def _settings_changed(self, events: list[Event]) -> bool:
        """True if a command succeeded: some commands change settings without an event."""
        return any(isinstance(event, Answered) and event.rejection is None for event in events)

    def save(self, state: State) -> None:
        """Write every account and the data of no single account."""
        with self._transaction():
            for account in state.accounts.values():
                self.write_account(account)
            self._write_venue(state)

    def restore(self, state: State) -> bool:
        """Fill a new state from the store; return False if the store is empty.

        Raises:
            CorruptDataError: a row cannot be decoded.
        """
        try:
            return self._restore(state)
        except (msgspec.MsgspecError, sqlite3.DatabaseError) as error:
            raise CorruptDataError(
                f"{self.path} holds a damaged row ({error}). Move the file away to start fresh."
            ) from None

    def _restore(self, state: State) -> bool:
        saved = list(self._rows("venue", SavedVenue))
        if not saved:
            return False
        state.numbers = saved[0].numbers
        state.fund = saved[0].fund
        state.countdowns = {(account, symbol): due for account, symbol, due in saved[0].countdowns}
        for entry in self._rows("accounts", SavedAccount):
            state.accounts[entry.name] = _account(entry)
        for order in self._rows("orders", Order):
            state.orders[order.order_id] = order
            if order.status.open:
                state.rest(order)
        for algo in self._rows("algos", AlgoOrder):
            state.algos[algo.algo_id] = algo
            if algo.open:
                state.waiting.setdefault(algo.symbol, {})[algo.algo_id] = algo
        for name, kind in _LISTS.items():
            getattr(state, name).extend(self._rows(name, kind))
        return True

    def prices(self) -> tuple[dict[str, int], dict[str, int]]:
        """Last stored mark and last prices, by symbol."""
        for saved in self._rows("venue", SavedVenue):
            return saved.marks, saved.last_prices
        return {}, {}

    def restore_funding(self, state: State) -> None:
        """Take on the funding times of the markets that are open."""
        for saved in self._rows("venue", SavedVenue):
            for symbol, (funded_ms, next_ms, interval_ms) in saved.funding.items():
                if market := state.markets.get(symbol):
                    market.funded_ms, market.next_funding_ms = funded_ms, next_ms
                    market.funding_interval_ms = interval_ms

    def write_account(self, account: Account) -> None:
        """Write one account."""
        saved = SavedAccount(
            account.name,
            account.wallet,
            account.fees,
            account.dual_side,
            list(account.positions.values()),
            account.settings,
            account.updated_ms,
            account.multi_assets,
            account.fee_burn,
            account.bnb,
            account.deposited,
            sorted(account.warned),
        )
        self._put("accounts", "name", account.name, saved)

    def _write_orders(self, state: State, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, OrderChanged):
                self._put("orders", "id", event.order.order_id, state.orders[event.order.order_id])
            elif isinstance(event, AlgoChanged):
                self._put("algos", "id", event.order.algo_id, state.algos[event.order.algo_id])
            elif isinstance(event, AccountChanged):
                continue

    def _write_list(self, name: str, entries: list[Any]) -> None:
        for number in range(self._written[name], len(entries)):
            self._put(name, "id", number + 1, entries[number])
        self._written[name] = len(entries)

    def _write_venue(self, state: State) -> None:
        saved = SavedVenue(
            numbers=state.numbers,
            countdowns=[(account, symbol, due) for (account, symbol), due in state.countdowns.items()],
            marks={symbol: market.mark_price for symbol, market in state.markets.items()},
            last_prices={symbol: market.last_price for symbol, market in state.markets.items()},
            fund=state.fund,
            funding={
                symbol: (market.funded_ms, market.next_funding_ms, market.funding_interval_ms)
                for symbol, market in state.markets.items()
            },
        )
        self._put("venue", "id", 1, saved)

    def _put(self, table: str, key: str, value: int | str, body: Any) -> None:
        command = (
            f"INSERT INTO {table} ({key}, body) VALUES (?, ?) ON CONFLICT ({key}) DO UPDATE SET body = excluded.body"
        )
        self._connection.execute(command, (value, msgspec.json.encode(body)))

    def _rows(self, table: str, kind: type[T]) -> Iterator[T]:
        order = "name" if table == "accounts" else "id"
        for (body,) in self._connection.execute(f"SELECT body FROM {table} ORDER BY {order}"):
            yield msgspec.json.decode(body, type=kind)

    def _count(self, table: str) -> int:
        (count,) = self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(count)

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._connection)


class _Transaction:
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")


def _account(saved: SavedAccount) -> Account:
    account = Account(saved.name, saved.wallet, saved.fees, saved.dual_side)
    account.positions = {(position.symbol, position.side): position for position in saved.positions}
    account.settings, account.updated_ms, account.bnb = saved.settings, saved.updated_ms, saved.bnb
    account.multi_assets, account.fee_burn = saved.multi_assets, saved.fee_burn
    account.warned = frozenset(saved.warned)
    if saved.deposited is not None:
        account.deposited = saved.deposited
    return account
