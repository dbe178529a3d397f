"""The last bar counts: what is held is closed at its close, and what is decided then is not filled."""

import pytest

from skills_lib.domain.costs import Costs
from tests.backtest.runs import bars_of, both, planned

RISE_AND_CRASH = [100.0, 100.0, (100.0, 106.0, 100.0, 106.0), (106.0, 106.0, 53.0, 53.0)]


def test_a_crash_in_the_last_bar_is_lost() -> None:
    for run in both(planned(), bars_of(RISE_AND_CRASH)):
        assert run.equity[-1] == pytest.approx(530)
        assert 1 - run.equity[-1] / run.equity.max() == pytest.approx(0.5)
        assert run.trades["exit_price"].tolist() == [53.0]
        assert run.trades["exit_reason"].tolist() == ["last bar"]


def test_the_closing_of_the_last_bar_pays_commission() -> None:
    for run in both(planned(), bars_of(RISE_AND_CRASH), costs=Costs(commission_bps=100)):
        size = run.trades["size"].iloc[0]
        assert size == pytest.approx(1_000 / 101)
        assert run.trades["commission"].iloc[0] == pytest.approx(size * (100 + 53) * 0.01)
        assert run.equity[-1] == pytest.approx(1_000 + size * (53 - 100) - size * 153 * 0.01)


@pytest.mark.parametrize("on_close", [False, True])
def test_a_signal_of_the_last_bar_is_not_filled(on_close: bool) -> None:
    bars = bars_of([100.0, 100.0, (100.0, 120.0, 90.0, 110.0)])
    for run in both(planned(enter=2), bars, trade_on_close=on_close):
        assert run.trades.empty
        assert run.equity.tolist() == [1_000.0] * 3


def test_a_position_is_not_left_at_the_open_of_the_bar_whose_close_says_so() -> None:
    bars = bars_of([100.0, 100.0, 100.0, (100.0, 120.0, 100.0, 120.0)])
    for run in both(planned(side="short", leave=3), bars):
        assert run.trades["exit_price"].tolist() == [120.0]
        assert run.equity[-1] == pytest.approx(800)


def test_a_position_opened_in_the_last_bar_is_valued_at_its_close() -> None:
    for run in both(planned(), bars_of([100.0, 100.0, (100.0, 110.0, 100.0, 110.0)])):
        assert run.equity[-1] == pytest.approx(1_100)
        assert len(run.trades) == 1
        assert run.trades["pnl"].sum() == pytest.approx(100)


def test_equity_and_trades_of_a_run_add_up_whatever_it_ends_in() -> None:
    bars = bars_of([100.0, 100.0, 97.0, (97.0, 99.0, 80.0, 90.0)])
    for side in ("long", "short"):
        for run in both(planned(side=side), bars, costs=Costs(commission_bps=20, spread_bps=5)):
            assert run.equity[-1] - 1_000 == pytest.approx(run.trades["pnl"].sum())
