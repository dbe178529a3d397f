"""Plain CSV files are read without pandas into the very values that pandas reads; what is not plain is left to it."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.domain.instruments import Instrument
from skills_lib.domain.time import SECOND_NS
from skills_lib.market.candles.files import find_table
from skills_lib.market.candles.layouts import read_csv
from skills_lib.market.candles.plain import read_plain
from tests.repository import ROOT

COLUMNS = ("open_time", "open", "high", "low", "close", "volume")
POSITION = {name: place for place, name in enumerate(COLUMNS)}
TIMES = {
    "days": "2024-02-28 2024-02-29 2024-03-01",
    "minutes": "2024-02-28_23:58 2024-02-28_23:59 2024-02-29_00:00",
    "T": "2024-12-31T23:59:59 2025-01-01T00:00:00 2025-01-01T00:00:01",
    "Z": "1970-01-01T00:00:00Z 1999-12-31T23:00:00Z 2199-12-31T23:00:00Z",
    "+00:00": "2024-01-01_00:00:00+00:00 2024-01-01_01:00:00+00:00 2024-01-01_02:00:00+00:00",
    "UTC": "2024-01-01_00:00:00_UTC 2024-01-01_01:00:00_UTC 2024-01-01_02:00:00_UTC",
    "newest first": "2024-01-03 2024-01-02 2024-01-01",
}
NOT_PLAIN = {
    "a day that does not exist": ["2023-02-29", "2023-03-01"],
    "an hour that does not exist": ["2024-01-01 24:00", "2024-01-02 01:00"],
    "two forms": ["2024-01-01", "2024-01-01 01:00:00"],
    "two zones": ["2024-01-01T00:00:00Z", "2024-01-01T01:00:00+00:00"],
    "another zone": ["2024-01-01T00:00:00+02:00", "2024-01-01T01:00:00+02:00"],
    "fractions": ["2024-01-01T00:00:00.5", "2024-01-01T01:00:00.5"],
    "a year whose nanoseconds do not fit into 64 bits": ["2300-01-01", "2300-01-02"],
    "other digits": ["२०२४-01-01", "2024-01-02"],
    "nothing": ["", "2024-01-01"],
    "a time longer than is kept": ["2024-01-01" + " " * 40, "2024-01-02" + " " * 40],
    "an epoch number longer than is kept": ["1700000000" + "0" * 20 + "x", "1700000001"],
    "a fraction longer than is kept": ["1700000000." + "0" * 30 + "1", "1700000001"],
    "morning": ["2024-01-01 01-AM", "2024-01-01 02-AM"],
}
DECIMALS = st.one_of(
    st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=8).map(str),
    st.floats(min_value=1e-300, max_value=1e300).map(repr),
    st.from_regex(r"[0-9]{1,25}(\.[0-9]{0,25})?(e-?[0-9]{1,2})?", fullmatch=True),
)


def table(times: list[str], numbers: list[str]) -> bytes:
    """A CSV with these times, all other cells taken from `numbers` in turn."""
    lines = [",".join(COLUMNS)]
    for row, time in enumerate(times):
        lines.append(",".join([time, *(numbers[(5 * row + i) % len(numbers)] for i in range(5))]))
    return ("\n".join(lines) + "\n").encode()


def plainly_read(content: bytes) -> tuple[np.ndarray, dict[str, np.ndarray]] | None:
    return read_plain(find_table(content, "a file"), POSITION)


@given(numbers=st.lists(DECIMALS, min_size=1, max_size=10))
def test_numbers_are_the_floats_nearest_to_their_decimals(numbers: list[str]) -> None:
    found = plainly_read(table(["1700000000"], numbers))
    assert found is not None
    expected = [float(numbers[i % len(numbers)]) for i in range(5)]
    assert [float(found[1][name][0]) for name in COLUMNS[1:]] == expected


@pytest.mark.parametrize("form", TIMES)
def test_times_are_those_of_pandas(form: str) -> None:
    times = [text.replace("_", " ") for text in TIMES[form].split(" ")]
    found = plainly_read(table(times, ["1.5"]))
    assert found is not None
    expected = pd.to_datetime([text.removesuffix(" UTC") for text in times], utc=True, format="ISO8601").as_unit("ns")
    assert found[0].tolist() == expected.asi8.tolist()


@pytest.mark.parametrize("number", ["1700000000", "1700000000000", "1700000000000000", "1700000000.25", "1.7e9"])
def test_epoch_numbers_of_any_unit_are_read(number: str) -> None:
    found = plainly_read(table([number], ["1"]))
    assert found is not None
    assert found[0][0] // 10**9 == 1_700_000_000


@pytest.mark.parametrize("what", NOT_PLAIN)
def test_times_that_are_not_plain_are_left_to_pandas(what: str) -> None:
    assert plainly_read(table(NOT_PLAIN[what], ["1.5"])) is None


@pytest.mark.parametrize("cell", ["", "-", "1_000", "1,5", "0x10", "1.5.2", '"1.5"', "null", "1e", "１.5"])
def test_cells_that_are_no_plain_decimals_are_left_to_pandas(cell: str) -> None:
    found = plainly_read(table(["2024-01-01", "2024-01-02"], ["1.5", cell, "2"]))
    assert found is None or cell == "1,5"  # another cell: found by the length of the row


@given(steps=st.lists(st.sampled_from([0, 60, 60, 300, 3_600]), min_size=1, max_size=30))
def test_the_interval_is_the_most_frequent_step_that_is_no_duplicate(steps: list[int]) -> None:
    times = np.cumsum([1_700_000_000, *steps])
    found = read_csv(table([str(time) for time in times], ["1.5"]), "a file", Instrument.parse("BTC")).bars.interval_ns
    counts = Counter(step for step in steps if step)
    assert found == (min(counts, key=lambda step: (-counts[step], step)) if counts else 0) * SECOND_NS


def test_a_row_that_is_too_short_is_left_to_pandas() -> None:
    assert plainly_read(b"open_time,open,high,low,close,volume\n2024-01-01,1,1,1,1,1\n2024-01-02,1,1,1\n") is None


def test_a_plain_file_is_read_without_importing_pandas(tmp_path: Path) -> None:
    file = tmp_path / "BTCUSDT_1h.csv"
    file.write_bytes(table([f"2024-01-01 {hour:02}:00:00" for hour in range(24)], ["1.5"]))
    program = (
        "import sys; from pathlib import Path; from skills_lib.settings import Settings\n"
        "from skills_lib.market.candles import CandleArguments\n"
        f"home, file = Path({str(tmp_path)!r}), Path({str(file)!r})\n"
        "found = CandleArguments('BTC', '1h', data=file).answer(Settings(home=home))\n"
        "print(len(found.bars), 'pandas' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "24 False\n"
