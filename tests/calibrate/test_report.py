"""Shares are shown with a suitable number of digits."""

import pytest

from skills_lib.calibrate.report.markdown import percent


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.0, "0 %"),
        (0.003069, "0.31 %"),
        (0.0192, "1.9 %"),
        (0.03, "3 %"),
        (0.0996, "10 %"),
        (0.14, "14 %"),
        (1, "100 %"),
    ],
)
def test_a_small_share_is_shown_with_two_digits_and_a_large_one_without(share: float, shown: str) -> None:
    assert percent(share) == shown
