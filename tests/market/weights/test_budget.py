"""The weight of a host: never more than a ceiling in any minute, shared by processes, corrected by the host."""

import multiprocessing
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from skills_lib.market.weights.budget import MAX_BAN_S, WeightBudget
from skills_lib.market.weights.headers import used_weight
from skills_lib.market.weights.shared import SharedBudget
from skills_lib.market.weights.snapshots import snapshot_weight
from skills_lib.workspace.runtime import runtime_folder

HOST = "127.0.0.1:9001"


@pytest.mark.parametrize(("limit", "weight"), [(5, 2), (50, 2), (51, 5), (100, 5), (500, 10), (501, 20), (1000, 20)])
def test_a_snapshot_weighs_what_the_venue_says(limit: int, weight: int) -> None:
    assert snapshot_weight(limit) == weight


def test_weight_is_released_after_a_minute() -> None:
    budget = WeightBudget()
    assert budget.reserve(20, 40, 0.0) == 0
    assert budget.reserve(20, 40, 10.0) == 0
    assert budget.reserve(20, 40, 15.0) == 45.0  # when the first is a minute old
    assert budget.reserve(40, 40, 15.0) == 55.0  # when the second is
    assert budget.reserve(20, 40, 60.0) == 0
    assert budget.used(60.0) == 40


def test_a_weight_above_the_ceiling_waits_until_nothing_is_used() -> None:
    budget = WeightBudget()
    assert budget.reserve(100, 40, 0.0) == 0
    assert budget.reserve(100, 40, 1.0) == 59.0


def test_a_higher_ceiling_takes_what_a_lower_one_leaves() -> None:
    budget = WeightBudget()
    budget.spend(1800, 0.0)
    assert budget.reserve(5, 1800, 1.0) == 59.0
    assert budget.reserve(5, 2400, 1.0) == 0


def test_a_ban_blocks_requests_regardless_of_remaining_weight() -> None:
    budget = WeightBudget()
    budget.ban(120.0, 5.0)
    budget.ban(1.0, 6.0)
    assert budget.reserve(1, 1000, 25.0) == budget.banned_s(25.0) == 100.0
    assert budget.banned_s(126.0) == 0
    budget.ban(1e12, 200.0)
    assert budget.banned_s(200.0) == MAX_BAN_S


def test_what_the_host_counts_above_ours_was_used_by_others() -> None:
    budget = WeightBudget()
    budget.spend(10, 0.0)
    budget.observe(700, 1.0)
    budget.observe(300, 2.0)
    assert budget.used(2.0) == 700


Uses = st.lists(st.tuples(st.integers(0, 20), st.sampled_from([2, 5, 10, 20]), st.sampled_from([60, 100])), max_size=60)


@given(Uses)
def test_never_more_than_the_ceiling_is_used_in_any_minute(uses: list[tuple[int, int, int]]) -> None:
    budget, now, spent = WeightBudget(), 0.0, list[tuple[float, int]]()
    for pause, weight, ceiling in uses:
        now += pause / 4
        while wait_s := budget.reserve(weight, ceiling, now):
            now += wait_s
        spent.append((now, weight))
        assert sum(used for at, used in spent if now - 60 < at <= now) <= ceiling
        assert len(budget.spent) <= 61


@pytest.mark.parametrize("text", ["", "-1", "1.5", "²", "٣", "9" * 30])
def test_a_header_that_is_no_count_says_nothing(text: str) -> None:
    assert used_weight({"x-mbx-used-weight-1m": text}) == 0
    assert used_weight({"x-mbx-used-weight-1m": "17"}) == 17


def test_processes_share_one_budget() -> None:
    ours, theirs = SharedBudget(HOST), SharedBudget(HOST)
    assert ours.reserve(1000, 1800) == 0
    assert theirs.reserve(1000, 1800) > 50
    assert theirs.reserve(1000, 2400) == 0
    assert SharedBudget("fapi.binance.com").reserve(1000, 1800) == 0
    theirs.ban(30.0)
    assert ours.reserve(1, 2400) == pytest.approx(30.0, abs=5)


def spend_often(times: int) -> None:
    """Spend one at a time, as another process."""
    budget = SharedBudget(HOST)
    for _ in range(times):
        budget.spend(1)
    while not budget.shared:
        budget.spend(0)


def test_nothing_that_processes_use_at_once_is_lost() -> None:
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=spend_often, args=(100,)) for _ in range(3)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    budget = SharedBudget(HOST)
    assert budget.reserve(0, 301) == 0
    assert budget.reserve(1, 300) > 0


def test_a_process_stopped_inside_the_lock_stops_nobody() -> None:
    ours, theirs = SharedBudget(HOST), SharedBudget(HOST)
    ours.spend(100)
    with FileLock(f"{runtime_folder()}/weights/127.0.0.1%3A9001.json.lock"):
        assert ours.reserve(100, 1800) == 0
        assert ours.reserve(1700, 1800) > 0
        ours.ban(7.0)
        assert not ours.shared
    ours.spend(0)
    assert ours.shared
    assert theirs.reserve(0, 200) == pytest.approx(7.0, abs=2)
    assert theirs._known.used(theirs._now_s()) == 200


@pytest.mark.parametrize("content", [b"", b"nonsense", b"\xff", b'{"spent":[[1]]}', b'{"written_s":1e18}'])
def test_a_file_that_says_nothing_is_begun_anew(content: bytes) -> None:
    SharedBudget(HOST).spend(1)
    (file,) = (runtime_folder() / "weights").glob("*.json")
    file.write_bytes(content)
    budget = SharedBudget(HOST)
    assert budget.reserve(40, 40) == 0
    assert budget.shared


def test_without_a_folder_each_process_has_its_own_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "twokey").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    budget = SharedBudget(HOST)
    assert budget.reserve(40, 40) == 0
    assert budget.reserve(40, 40) > 0
    assert not budget.shared
