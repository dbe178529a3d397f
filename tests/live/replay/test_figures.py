"""Figures of round trips against hand-computed ones."""

import math

import numpy as np
import pytest

from live.enums import Side
from live.replay.figures.intervals import Sample, block_length, mean_intervals
from live.replay.figures.trades import TapeTrades, trade_figures
from live.replay.round_trips import ExitReason
from tests.live.replay.trips import SECOND, maker_fill, noisy, tape_of, trip


def test_figures_of_four_trades_are_those_computed_by_hand() -> None:
    trips = (
        trip(20, 0, reason=ExitReason.TARGET),
        trip(-15, 10, reason=ExitReason.STOP),
        trip(20, 20, side=Side.SELL, reason=ExitReason.TARGET),
        trip(3, 30, reason=ExitReason.TIME),
    )
    found = trade_figures([TapeTrades(trips, (), 100 * SECOND)], seed=1)
    assert found.trades == 4
    assert found.gross_bps.mean == pytest.approx(7)  # (20 - 15 + 20 + 3) / 4
    assert found.net_bps.mean == pytest.approx(-3)  # each paid 10
    assert found.cost_bps == pytest.approx(10)
    assert found.break_even_cost_bps == pytest.approx(7)
    assert found.win_rate == 0.5  # nets: 10, -25, 10, -7
    assert found.break_even_win_rate == pytest.approx(16 / (16 + 10))  # mean loss 16, mean win 10
    assert found.profit_factor == pytest.approx(20 / 32)
    assert found.exits == {"target": 2, "stop": 1, "time": 1, "kill": 0}
    assert found.time_in_market == pytest.approx(0.2)  # 4 times 5 of 100 seconds
    assert found.mean_hold_s == pytest.approx(5)
    assert found.net_usd == pytest.approx(-12)  # -12 bp in all of 10,000 USD
    assert found.gross_bps.ci95 is None  # four trades support no interval


def test_at_the_break_even_win_rate_the_mean_trade_earns_nothing() -> None:
    wins, losses = [30.0] * 3, [-14.0] * 5  # nets 20 and -24: break even at 24 / 44
    found = trade_figures([tape_of([*wins, *losses])], seed=1)
    assert found.break_even_win_rate is not None
    share = found.break_even_win_rate
    assert share * 20 - (1 - share) * 24 == pytest.approx(0)
    assert share == pytest.approx(24 / 44)


def test_funding_received_lowers_the_cost_of_a_round_trip() -> None:
    received = TapeTrades((trip(5, funding=2 * 10**8),), (), SECOND)  # 2 USD of 10,000: 2 bp
    found = trade_figures([received], seed=1)
    assert found.net_bps.mean == pytest.approx(5 - 10 + 2)
    assert found.cost_bps == pytest.approx(8)


def test_without_a_loss_or_a_trade_what_is_undefined_is_none() -> None:
    winners, nothing = trade_figures([tape_of([20.0, 30.0])], 1), trade_figures([tape_of([])], 1)
    assert (winners.win_rate, winners.profit_factor, winners.break_even_win_rate) == (1.0, None, None)
    assert nothing.trades == 0
    assert (nothing.gross_bps.mean, nothing.win_rate, nothing.cost_bps, nothing.mean_hold_s) == (None,) * 4


def test_a_short_that_fell_earned() -> None:
    assert trip(12, side=Side.SELL).gross > 0
    assert trip(12, side=Side.SELL).exit_value < trip(12, side=Side.SELL).entry_value


def test_the_fee_that_is_recomputed_from_gross_is_the_one_that_was_paid() -> None:
    moved = tape_of([10.0, -30.0, 4.0], fee_bps=0).columns()
    by_hand = [10 - 4 * (1 + 1.001), -30 - 4 * (1 + 0.997), 4 - 4 * (1 + 1.0004)]  # 4 bp of entry and of exit value
    assert moved.at_fee(4.0) == pytest.approx(by_hand)
    assert moved.at_fee(0.0) == pytest.approx(moved.gross_bps)


def test_a_markout_is_positive_where_the_mid_moved_for_the_maker() -> None:
    fills = (
        maker_fill(10_000, (10_001, 10_002, 9_990, 0), Side.BUY, 1),
        maker_fill(10_000, (9_999, 10_002, 9_990, 0), Side.SELL, 2),
    )
    found = trade_figures([TapeTrades((), fills, 100 * SECOND)], seed=1).markouts
    assert [one.seconds for one in found] == [0.1, 1, 10, 60]
    assert [one.bps.mean for one in found[:3]] == pytest.approx([1, 0, 0])  # (1 + 1, 2 - 2, -10 + 10) / 2
    assert (found[3].fills, found[3].bps.mean) == (0, None)  # the tape ended before


def test_trades_of_two_tapes_are_pooled_and_no_block_crosses_from_one_to_the_other() -> None:
    """Constant tapes at +10 and -10: a resample of each tape's own trades always has the pooled mean."""
    calm = [tape_of([10.0] * 20), tape_of([-10.0] * 20)]
    found = trade_figures(calm, seed=1)
    assert found.gross_bps.mean == pytest.approx(0)
    assert found.gross_bps.error == pytest.approx(0, abs=1e-9)
    mixed = trade_figures([tape_of([10.0] * 20 + [-10.0] * 20)], seed=1)
    assert (mixed.gross_bps.error or 0) > 1


def test_the_interval_is_the_same_for_the_same_seed_and_not_for_another() -> None:
    tape = [tape_of(noisy(1, 60))]
    assert trade_figures(tape, 3) == trade_figures(tape, 3)
    assert trade_figures(tape, 3).net_bps.ci95 != trade_figures(tape, 4).net_bps.ci95


@pytest.mark.parametrize(("trades", "a_minute", "share"), [(60, 1, 0.0), (120, 6, 0.5)])
def test_the_interval_covers_the_true_mean_of_clustered_trades(trades: int, a_minute: int, share: float) -> None:
    """Trades of one minute share `share` of their variance; a naive interval covers 70 % of the time at one half."""
    rng, covered, naive, runs = np.random.default_rng(8), 0, 0, 250
    for run in range(runs):
        entry_ns = np.sort(rng.uniform(0, trades / a_minute * 60 * SECOND, trades)).astype(np.int64)
        minutes = rng.normal(size=trades // a_minute + 2)[entry_ns // (60 * SECOND)]
        values = 8 * (math.sqrt(share) * minutes + math.sqrt(1 - share) * rng.normal(size=trades))
        (found,) = mean_intervals([Sample(values[None], block_length(entry_ns))], seed=run, draws=400)
        assert found.ci95 is not None
        covered += found.ci95[0] <= 0 <= found.ci95[1]
        naive += abs(values.mean()) <= 1.96 * values.std() / math.sqrt(trades)
    assert 0.9 <= covered / runs <= 0.985
    assert naive / runs < (0.8 if share else 1)


def test_blocks_are_longer_where_trades_are_closer_in_time() -> None:
    close, far = (np.arange(200, dtype=np.int64) * gap * SECOND for gap in (5, 600))
    assert block_length(close) == pytest.approx(36)  # three minutes of trades every five seconds
    assert block_length(far) == pytest.approx(200 ** (1 / 3))
    assert block_length(close[:20]) == 5  # at most a quarter
