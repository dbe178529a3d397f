"""Any interleaving of signals, losses, delays and fills leaves the engine in agreement with the venue."""

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from live.engine.events import Command, Commanded
from live.enums import Side
from live.money import SCALE
from tests.live.engine.model.session import MS, PRICE, SECOND, SETTINGS, Session
from tests.live.engine.model.venue import TICK
from tests.live.engine.states import SYMBOL

PICK = st.integers(0, 5)
SHORT_NS, PROTECT_NS = 1 * SECOND, 10 * SECOND
LONGEST_NS = 40 * 60 * SECOND
"""Longer than a landed order may be hidden: after it nothing is unknown any more."""


class Interleavings(RuleBasedStateMachine):
    """Hypothesis chooses what happens; `teardown` gives contact back, lets time pass and compares both sides."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(SETTINGS)

    @rule(side=st.sampled_from(Side), share=st.sampled_from([0, SCALE // 3, SCALE]))
    def signal(self, side: Side, share: int) -> None:
        self.session.venue.fill_share = share
        self.session.signal(side)

    @rule(milliseconds=st.sampled_from([1, 50, 400, 1_500, 4_000, 61_000]))
    def time(self, milliseconds: int) -> None:
        self.session.pass_time(milliseconds * MS)

    @rule(ticks=st.integers(-1_000, 1_000))
    def price(self, ticks: int) -> None:
        self.session.move(PRICE + ticks * TICK)

    @rule()
    def deliver(self) -> None:
        self.session.deliver()

    @precondition(lambda self: self.session.requests)
    @rule(index=PICK)
    def arrive(self, index: int) -> None:
        self.session.arrive(index % len(self.session.requests))

    @precondition(lambda self: self.session.requests)
    @rule(index=PICK)
    def lose(self, index: int) -> None:
        self.session.lose(index % len(self.session.requests))

    @precondition(lambda self: self.session.requests)
    @rule(index=PICK)
    def arrive_unanswered(self, index: int) -> None:
        self.session.arrive_unanswered(index % len(self.session.requests))

    @precondition(lambda self: self.session.answers)
    @rule(index=PICK)
    def answer(self, index: int) -> None:
        self.session.answer(index % len(self.session.answers))

    @precondition(lambda self: self.session.venue.stream)
    @rule()
    def stream(self) -> None:
        self.session.stream()

    @rule()
    def drop_stream(self) -> None:
        self.session.drop_stream()

    @rule(seconds=st.sampled_from([0, 10, 1_800]))
    def hide(self, seconds: int) -> None:
        self.session.venue.hide_ns = seconds * SECOND

    @rule(side=st.sampled_from(Side), steps=st.integers(1, 200))
    def by_hand(self, side: Side, steps: int) -> None:
        self.session.foreign = True
        self.session.venue.trade_by_hand(side, steps * (SCALE // 1_000))

    @rule(command=st.sampled_from([Command.PAUSE, Command.RESUME, Command.STOP]))
    def command(self, command: Command) -> None:
        self.session.feed(Commanded(self.session.now_ns, command, "test"))

    @rule()
    def kill(self) -> None:
        self.session.kill()

    @invariant()
    def one_stop_a_side(self) -> None:
        assert self.session.venue.highest_open_stops <= 2

    def teardown(self) -> None:
        session = self.session
        session.venue.hide_ns = 0
        for order in (*session.venue.orders.values(), *session.venue.stops):
            order.hidden_until_ns = min(order.hidden_until_ns, session.now_ns + SHORT_NS)
        if not session.foreign:
            session.settle(PROTECT_NS)
            session.check_protected()
        session.settle(LONGEST_NS)
        position = session.state.positions[SYMBOL]
        assert position.quantity == session.venue.ledger.quantity
        if (session.state.latch and session.state.latch.flatten) or not session.foreign:
            session.check_flat()
        if not session.foreign:
            session.check_money()


Interleavings.TestCase.settings = settings(max_examples=40, stateful_step_count=60, deadline=None)
TestInterleavings = Interleavings.TestCase
