"""What both engines say of their fills."""

import pytest

from tests.backtest.runs import bars_of, both, planned

NOTE = {
    "volume": "1 fills were in bars without volume",
    "entry": "1 trades reached their stop or target in the bar of entry",
    "both": "1 trades reached stop and target in one bar",
    "liquidation": "1 of 1 positions were liquidated",
}


@pytest.mark.parametrize(
    ("note", "rows", "volume", "levels"),
    [
        ("volume", [100.0, 100.0, 100.0, 100.0], [1, 1, 0, 1], {}),
        ("volume", [100.0, 100.0, 100.0, 100.0], [1, 1, 1, 0], {}),
        ("entry", [100.0, 100.0, (100.0, 100.0, 80.0, 99.0), 99.0], None, {"stop": 90.0}),
        ("entry", [100.0, 100.0, (100.0, 130.0, 100.0, 99.0), 99.0], None, {"target": 110.0}),
        ("both", [100.0, 100.0, 100.0, (100.0, 130.0, 80.0, 99.0)], None, {"stop": 90.0, "target": 110.0}),
        ("liquidation", [100.0, 100.0, 100.0, (100.0, 100.0, 1.0, 99.0)], None, {"leverage": 10}),
    ],
)
def test_both_engines_tell(note: str, rows: list[float], volume: list[float] | None, levels: dict[str, float]) -> None:
    leverage = levels.pop("leverage", 1)
    for run in both(planned(**levels), bars_of(rows, volume=volume), leverage=leverage):
        assert sum(NOTE[note] in text for text in run.warnings) == 1


def test_nothing_is_said_of_fills_with_volume_at_known_prices() -> None:
    for run in both(planned(stop=50.0, target=150.0), bars_of([100.0, 100.0, 100.0, 120.0])):
        assert run.warnings == ()


def test_data_without_any_volume_is_not_a_bar_without_volume() -> None:
    for run in both(planned(), bars_of([100.0] * 4, volume=[0.0] * 4)):
        assert run.warnings == ()


def test_a_stop_at_the_open_came_before_the_target_for_certain() -> None:
    bars = bars_of([100.0, 100.0, 100.0, (85.0, 130.0, 80.0, 99.0)])
    for run in both(planned(stop=90.0, target=110.0), bars):
        assert run.trades["exit_price"].tolist() == [85.0]
        assert not any("one bar" in text for text in run.warnings)
