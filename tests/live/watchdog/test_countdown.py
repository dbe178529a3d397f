"""The exchange's timers as a second line: they cancel entries, and never endanger the stop of a position."""

from live.account.reads import read_account
from live.watchdog.countdown import LENGTH_MS, renew, switch_off
from tests.live.account.holding import SYMBOL, Holding, holding


def wait(opened: Holding, milliseconds: int) -> Holding:
    """Let time pass without a renewal."""
    opened.by_hand.run(milliseconds)
    return opened


def resting(opened: Holding) -> list[bool]:
    """Orders and stops that rest: True for stops."""
    return [one.stop for one in opened.have(read_account()).resting]


def test_an_entry_that_rests_is_cancelled_when_nobody_renews_the_timer() -> None:
    opened = holding().rest(price="58000.0")
    assert opened.have(renew([SYMBOL])) == (SYMBOL,)
    wait(opened, LENGTH_MS - 1_000)
    assert resting(opened) == [False]
    wait(opened, 2_000)
    assert resting(opened) == []


def test_a_renewal_begins_the_timer_anew() -> None:
    opened = holding().rest(price="58000.0")
    for _ in range(4):
        opened.have(renew([SYMBOL]))
        wait(opened, LENGTH_MS - 1_000)
    assert resting(opened) == [False]


def test_no_timer_runs_where_a_position_has_its_stop() -> None:
    opened = holding().rest(price="58000.0")
    opened.have(renew([SYMBOL]))
    opened.buy().protect()
    assert opened.have(renew([SYMBOL])) == ()
    wait(opened, 2 * LENGTH_MS)
    assert resting(opened) == [False, True]


def test_it_closes_no_position() -> None:
    opened = holding()
    opened.have(renew([SYMBOL]))
    opened.buy()
    wait(opened, 2 * LENGTH_MS)
    assert not opened.is_flat


def test_while_positions_are_not_known_no_timer_is_changed() -> None:
    opened = holding({"kind": "answer", "path": "/fapi/v3/positionRisk"}).rest(price="58000.0")
    assert opened.have(renew([SYMBOL])) == ()
    assert [path for _, path in opened.sent] == ["/fapi/v3/positionRisk"]


def test_an_orderly_end_switches_the_timers_off() -> None:
    opened = holding().rest(price="58000.0")
    opened.have(renew([SYMBOL]))
    opened.have(switch_off([SYMBOL]))
    wait(opened, 2 * LENGTH_MS)
    assert resting(opened) == [False]
