"""The verdict: its first words, its word for programs, and what each of its rules refuses."""

import numpy as np
import pytest

from live.replay.figures.luck import deflated
from live.replay.figures.trades import TradeFigures, trade_figures
from live.replay.figures.verdict import RandomRank, ReplayVerdict, VerdictWord, judge, rank_of
from live.replay.figures.words import in_bps, with_interval
from skills_lib.domain.luck import expected_maximum_sharpe
from tests.live.replay.trips import noisy, tape_of

BEST = RandomRank(runs=20, as_good=0)


def figures(gross_mean: float, count: int, fee_bps: float = 10) -> TradeFigures:
    return trade_figures([tape_of(noisy(gross_mean, count), fee_bps=fee_bps)], seed=1)


def verdict(found: TradeFigures, trials: int = 1, rank: RandomRank = BEST) -> ReplayVerdict:
    return judge(found, deflated(found.net_bps, trials), rank)


def test_an_edge_below_its_costs_does_not_survive_and_the_sentence_says_so_first() -> None:
    found = verdict(figures(1, 400))
    assert found.word is VerdictWord.DOES_NOT_SURVIVE
    assert found.sentence.startswith("Does not survive its costs: gross ")
    assert "a round trip costs 10.0 bp" in found.sentence


def test_an_edge_above_its_costs_survives() -> None:
    found = verdict(figures(14, 400))
    assert (found.word, found.reasons) == (VerdictWord.SURVIVES, ())
    assert found.sentence.startswith("Survives its costs on this data: gross ")


@pytest.mark.parametrize("count", [0, 1, 12, 29])
def test_few_trades_support_no_conclusion_however_good_they_are(count: int) -> None:
    found = verdict(figures(500, count))
    assert found.word is VerdictWord.TOO_FEW_TRADES
    assert "no conclusion" in found.sentence
    assert "95 %" not in found.sentence  # no false precision


def test_a_gain_whose_interval_includes_zero_is_not_shown() -> None:
    found = verdict(figures(10.6, 60))
    assert found.word is VerdictWord.NOT_SHOWN
    assert "includes 0" in found.reasons[0]


def test_a_gain_that_the_best_of_many_trials_shows_by_luck_is_not_shown() -> None:
    good = figures(11.5, 400)
    assert verdict(good, trials=1).word is VerdictWord.SURVIVES
    searched = verdict(good, trials=500)
    assert searched.word is VerdictWord.NOT_SHOWN
    assert "The best of 500 trials without an edge" in searched.reasons[-1]


def test_a_gain_that_random_entries_make_too_is_not_shown() -> None:
    good = figures(14, 400)
    assert verdict(good, rank=RandomRank(runs=20, as_good=3)).word is VerdictWord.NOT_SHOWN
    assert verdict(good, rank=RandomRank(runs=5, as_good=0)).word is VerdictWord.NOT_SHOWN  # too few to tell
    assert verdict(good, rank=RandomRank(runs=19, as_good=0)).word is VerdictWord.SURVIVES


def test_deflation_compares_t_with_the_expected_best_of_the_trials() -> None:
    net = figures(12, 400).net_bps
    found = deflated(net, 50)
    assert found.luck_t == pytest.approx(expected_maximum_sharpe(50, 1.0))
    assert found.luck_t == pytest.approx(2.28, abs=0.02)
    assert found.t == pytest.approx((net.mean or 0) / (net.error or 1))
    assert deflated(net, 1).luck_t == 0


def test_runs_of_random_entries_without_a_trade_do_not_count() -> None:
    assert rank_of(2.0, [1.0, None, 3.0, 2.0]) == RandomRank(runs=3, as_good=2)


def test_figures_show_no_more_digits_than_their_error_supports() -> None:
    wide, narrow = figures(10, 40).net_bps, figures(10, 2_500).net_bps
    assert in_bps(figures(-3.4, 5).gross_bps).count(".") == 0
    assert with_interval(wide).count(".") == 3
    assert (narrow.error or 1) < 0.2
    assert len(in_bps(narrow).split(".")[1]) == len("00 bp")


def share_that_survives(gross_mean: float, trials: int, counted: int, runs: int = 200) -> float:
    """How often the best of `trials` samples of 80 trades survives, of which each earns `gross_mean` and pays 10."""
    rng, survived = np.random.default_rng(11), 0
    for _ in range(runs):
        samples = rng.normal(gross_mean, 8, (trials, 80))
        best = samples[samples.mean(axis=1).argmax()]
        survived += verdict(trade_figures([tape_of(best)], seed=1), counted).word is VerdictWord.SURVIVES
    return survived / runs


def test_what_only_pays_its_costs_rarely_survives_and_a_clear_edge_does() -> None:
    assert share_that_survives(10, trials=1, counted=1) <= 0.06  # one-sided 2.5 %, with sampling error
    assert share_that_survives(14, trials=1, counted=1) >= 0.9


def test_the_best_of_many_that_only_pay_their_costs_rarely_survives() -> None:
    assert share_that_survives(10, trials=20, counted=20) <= 0.06
    assert share_that_survives(10, trials=20, counted=1) > 0.2  # what would survive if the search were not counted
