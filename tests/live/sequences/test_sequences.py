"""No sequence of API calls over any tape breaks the accounting or the form of replies.

`make study-exchange` runs 100,000. A failure prints its seed and the steps that led to it; `shrink` shortens them.
"""

import os
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from live.enums import OrderStatus, PositionSide
from live.simulator.core.audit import audit
from live.simulator.core.orders import Income
from live.simulator.core.positions import Position
from live.simulator.core.state import State
from tests.live.sequences import replies
from tests.live.sequences.client import Clients
from tests.live.sequences.sequence import SHORT_LENGTHS, Failure, draw, run, run_steps, shrink
from tests.live.sequences.steps import Intervene, Known, Near, Play, Rest, Step
from tests.live.sequences.tapes import random_tape

FIRST = int(os.environ.get("TWOKEY_SEQUENCES_FIRST", "0"))
CASES = int(os.environ.get("TWOKEY_SEQUENCES_CASES", "500"))
BLOCK = 100


@pytest.mark.parametrize("first", range(FIRST, FIRST + CASES, BLOCK))
def test_no_sequence_of_calls_breaks_an_invariant(first: int) -> None:
    for seed in range(first, min(first + BLOCK, FIRST + CASES)):
        failure = run(draw(seed, lengths=SHORT_LENGTHS))
        assert failure is None, str(failure)


def test_a_seed_gives_the_same_sequence_and_the_same_events() -> None:
    first, second = draw(5), draw(5)
    assert first.steps == second.steps
    ledgers = []
    for _ in range(2):
        clients = Clients(first.tape, 5)
        for step in first.steps:
            clients.run(step)
        ledgers.append(clients.ledgers)
    assert ledgers[0] == ledgers[1]


def market(side: str, quantity: str, **fields: str) -> Rest:
    fields = {"symbol": "BTCUSDT", "side": side, "type": "MARKET", "quantity": quantity} | fields
    return Rest(0, "POST", "/fapi/v1/order", tuple(fields.items()))


def traded() -> State:
    """A state with a position, fills, an open order and a finished one."""
    clients = Clients(random_tape(1))
    clients.run(market("BUY", "0.1"))
    fields = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.1", "timeInForce": "GTC"}
    clients.run(Rest(0, "POST", "/fapi/v1/order", (*fields.items(), ("price", Near("BTCUSDT", -500)))))
    assert audit(clients.venue.state) == []
    assert len(clients.venue.state.orders) == 2
    return clients.venue.state


def _pay_one_unit(state: State) -> None:
    state.accounts["account-0"].wallet += 1


def _invent_income(state: State) -> None:
    state.incomes.append(Income("account-0", "BTCUSDT", "FUNDING_FEE", 1, "USDT", state.now_ms, 10**9))


def _move_position(state: State) -> None:
    state.accounts["account-0"].position("BTCUSDT").amount += 10**5


def _cheapen_position(state: State) -> None:
    state.accounts["account-0"].position("BTCUSDT").cost -= 10**9


def _negative_long(state: State) -> None:
    account = state.accounts["account-0"]
    account.positions["BTCUSDT", PositionSide.LONG] = Position("BTCUSDT", PositionSide.LONG, -1, 1)


def _negative_isolated(state: State) -> None:
    state.accounts["account-0"].position("BTCUSDT").isolated_wallet = -1


def _overfill(state: State) -> None:
    next(iter(state.orders.values())).filled += 1


def _finish_in_place(state: State) -> None:
    list(state.orders.values())[1].status = OrderStatus.CANCELED


def _repeat_trade(state: State) -> None:
    state.trades.append(state.trades[0])


def _repeat_row(state: State) -> None:
    state.incomes.append(replace(state.incomes[0], amount=0))


def _lose_money_in_the_fund(state: State) -> None:
    state.fund.cash += 1


def _forget_a_timer(state: State) -> None:
    state.countdowns["account-0", "BTCUSDT"] = state.now_ms


DAMAGE = [
    _pay_one_unit,
    _invent_income,
    _move_position,
    _cheapen_position,
    _negative_long,
    _negative_isolated,
    _overfill,
    _finish_in_place,
    _repeat_trade,
    _repeat_row,
    _lose_money_in_the_fund,
    _forget_a_timer,
]


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__.strip("_"))
def test_the_audit_notices_a_damaged_state(damage: object) -> None:
    state = traded()
    assert callable(damage)
    damage(state)
    assert audit(state) != []


def test_the_ledger_notices_money_and_contracts_that_no_event_explains() -> None:
    clients = Clients(random_tape(1))
    clients.run(market("BUY", "0.1"))
    [ledger, _] = clients.ledgers
    assert ledger.check() == []
    ledger.reported_wallet = (ledger.reported_wallet or Decimal(0)) + Decimal("0.00000001")
    ledger.reported["BTCUSDT", "BOTH"] += 1
    assert len(ledger.check()) == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"price":1.5}'),
        (200, b'{"price":"NaN"}'),
        (200, b'{"orderId":"7"}'),
        (200, b'{"code":-1000,"msg":"x"}'),
        (200, b"<html>"),
        (200, b'{"price":NaN}'),
        (400, b'{"code":1,"msg":"x"}'),
        (400, b'{"code":-1}'),
        (500, b'{"code":-1,"msg":"x"}'),
        (400, b"[]"),
    ],
)
def test_a_reply_of_a_wrong_form_is_noticed(status: int, body: bytes) -> None:
    assert replies.rest_faults("GET", "/fapi/v1/anything", status, body) != []


def test_a_failure_is_shrunk_to_the_steps_that_cause_it() -> None:
    """An order of the account's own making: a command that takes money out without a row."""
    tape = random_tape(1)

    class Theft:
        pass

    steps: list[Step] = [Play(1), market("BUY", "0.1"), Play(2), Intervene(Theft()), Play(3)]
    failure = run_steps(0, steps, tape)
    assert isinstance(failure, Failure)
    assert [type(step) for step in shrink(failure, tape).steps] == [Intervene]


LONG = (("dualSidePosition", "true"),)


def test_resting_closes_of_twice_the_position_leave_it_flat() -> None:
    close = (
        ("symbol", "BTCUSDT"),
        ("side", "SELL"),
        ("positionSide", "LONG"),
        ("type", "LIMIT"),
        ("quantity", Known("heldAmount", 0)),
        ("price", Near("BTCUSDT", 1)),
        ("timeInForce", "GTC"),
    )
    for seed in range(20):
        steps: list[Step] = [
            Rest(0, "POST", "/fapi/v1/positionSide/dual", LONG),
            market("BUY", "0.010", positionSide="LONG"),
            *(Rest(0, "POST", "/fapi/v1/order", close) for _ in range(2)),
            Play(60),
        ]
        assert run_steps(seed, steps, random_tape(seed)) is None


ROOT = Path(__file__).resolve().parents[3]
LIST_STUDIED_FILES = """
from tests.live.sequences import study
before = study.studied_files()
study.run(study.draw(0))
assert study.studied_files() == before, "a sequence imports a module that the digest does not know"
print(*(file.relative_to(study.ROOT).as_posix() for file in before), sep="\\n")
"""


def test_a_study_begins_anew_for_what_its_sequences_run_and_for_nothing_else() -> None:
    listed = subprocess.run(
        [sys.executable, "-c", LIST_STUDIED_FILES], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert listed.returncode == 0, listed.stderr
    files = listed.stdout.split()
    assert {
        "live/simulator/core/matching.py",
        "live/simulator/listings/usdm.json",
        "skills_lib/market/depth/book/order_book.py",
        "tests/live/sequences/draws.py",
        "tests/live/sequences/study.py",
        "tests/live/signing.py",
    } <= set(files)
    never_run = ("live/simulator/sockets/", "live/torture/", "skills_lib/backtest/", "scripts/", "tests/live/torture/")
    assert [file for file in files if file.startswith(never_run)] == []
