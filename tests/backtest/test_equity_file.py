"""`equity.csv` holds every float to the last bit, and is the very file that pandas would write."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.backtest.equity_file import write_equity

START_NS = pd.Timestamp("2024-02-28").value
EDGES = [0.0, -0.0, 1e-4, 9.99e-5, 1e15, 1e16, 9999999999999998.0, 1e22, 5e-324, -1e300, np.nan, np.inf, -np.inf]


def both_written(folder: Path, times_ns: list[int], values: list[float]) -> tuple[bytes, bytes]:
    """The file that is written of these bars, and that of pandas."""
    times, column, backwards = np.array(times_ns, dtype=np.int64), np.array(values), np.array(values[::-1])
    ours, theirs = folder / "equity.csv", folder / "pandas.csv"
    columns = {"window": np.arange(len(times)) // 7, "close": column, "equity": backwards, "drawdown_pct": -column}
    write_equity(ours, times, columns)
    index = pd.DatetimeIndex(times.view("datetime64[ns]"))
    pd.DataFrame({"open_time": index} | columns).to_csv(theirs, index=False, lineterminator="\n")
    return ours.read_bytes(), theirs.read_bytes()


@given(values=st.lists(st.floats() | st.sampled_from(EDGES), min_size=1, max_size=200))
def test_every_float_is_written_as_pandas_writes_it(
    values: list[float], tmp_path_factory: pytest.TempPathFactory
) -> None:
    times = [START_NS + 60_000_000_000 * i for i in range(len(values))]
    ours, theirs = both_written(tmp_path_factory.mktemp("floats"), times, values)
    assert ours == theirs


@pytest.mark.parametrize("step_ns", [86_400 * 10**9, 3_600 * 10**9, 10**9, 5 * 10**6, 7 * 10**3, 1])
def test_times_of_any_resolution_are_written_as_pandas_writes_them(step_ns: int, tmp_path: Path) -> None:
    ours, theirs = both_written(tmp_path, [START_NS + step_ns * i for i in range(30)], [1.5] * 30)
    assert ours == theirs


def test_a_file_that_cannot_be_written_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        both_written(tmp_path / "missing", [START_NS], [1.0])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_a_full_disk_is_an_os_error() -> None:
    times = np.arange(100_000, dtype=np.int64)
    with pytest.raises(OSError, match="No space left"):
        write_equity(Path("/dev/full"), times, {"close": np.ones(100_000)})


def test_a_folder_with_quotes_and_wildcards_in_its_name_is_written_into(tmp_path: Path) -> None:
    folder = tmp_path / "it's [1] *"
    folder.mkdir()
    ours, theirs = both_written(folder, [START_NS, START_NS + 1], [1.0, 2.0])
    assert ours == theirs
