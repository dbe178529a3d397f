"""A coin at a millionth of the quote currency is backtested, swept, walked and validated with the defaults."""

import json
from pathlib import Path

import numpy as np
import pytest

from skills_lib.domain.bars import Bars
from tests.backtest.market import random_walk
from tests.command import Command

SEARCH = ("--param", "fast=5:15:5", "--param", "slow=20:40:10", "--min-trades", "2")
WINDOWS = ("--train", "20d", "--test", "10d", "--step", "10d")


def tiny(bars: Bars, path: Path) -> Path:
    """A file of the bars at prices around 0.00000123."""
    frame = bars.to_frame().tz_localize("UTC")
    frame[["Open", "High", "Low", "Close"]] = np.round(frame[["Open", "High", "Low", "Close"]] * 1.23e-8, 12)
    frame.to_csv(path)
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tiny(random_walk(1_200, seed=5), tmp_path / "pepe.csv")


@pytest.mark.parametrize(
    "command",
    [
        ("test-strategy", "PEPE", "1h", "sma_crossover"),
        ("optimize", "sma_crossover", "PEPE", "1h", *SEARCH),
        ("walk-forward", "sma_crossover", "PEPE", "1h", *SEARCH, *WINDOWS),
        ("validate", "sma_crossover", "PEPE", "1h", *SEARCH[:4]),
    ],
    ids=lambda command: command[0],
)
def test_every_verb_runs_with_its_defaults(command: tuple[str, ...], file: Path, twokey: Command) -> None:
    done = twokey(*command, "--data", str(file), "--json")
    assert done.code == 0, done.err
    assert not any("2^53" in text for text in json.loads(done.out).get("warnings", []))


def test_both_engines_give_the_same(file: Path, twokey: Command) -> None:
    metrics = [
        json.loads(
            twokey(
                "test-strategy", "PEPE", "1h", "sma_crossover", "--data", str(file), "--engine", engine, "--json"
            ).out
        )["metrics"]
        for engine in ("kernel", "reference")
    ]
    assert metrics[0]["trades"] == metrics[1]["trades"] > 5
    assert metrics[0]["final_equity"] == pytest.approx(metrics[1]["final_equity"], rel=1e-9)
