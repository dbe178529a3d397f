"""A study of a market whose truth is known: verdict, controls, sensitivities, sweep, several tapes, processes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import msgspec
import pytest

from live.engine.settings import ImbalanceSettings
from live.money import SCALE
from live.replay.figures.verdict import VerdictWord
from live.replay.report.draw import drawings
from live.replay.study.comparisons import ControlArguments
from live.replay.study.model import ReplayedStrategy, ReplayReport
from live.replay.study.parallel import open_runner
from live.replay.study.study import Candidate, StudiedTape, StudyRequest, decisions_of, study
from live.replay.study.trades_file import TRADES, read_means
from live.replay.study.variants import Variant
from live.simulator.core.fill_models import FillModel
from live.simulator.latency import ASSUMED
from skills_lib.progress import no_progress
from skills_lib.report.drawings import draw_missing
from tests.html import fetched
from tests.live.replay.touch_replays import TouchReplays

EDGE, NO_EDGE = (0.95, 60, 1), (0.5, 60, 1)
STRATEGY = ReplayedStrategy(
    symbols=("BTCUSDT",),
    settings={"buy_ratio": "3", "depth": "5"},
    limits={"daily_loss": "500"},
    capital="40000",
    fills="pessimistic",
    latency="assumed",
    latency_ms=6,
    seed=7,
)
BASE = Variant(settings=ImbalanceSettings(), fills=FillModel.PESSIMISTIC, latency=ASSUMED)
Tapes = Sequence[tuple[float, int, int]]


class Counted:
    """Counts configurations as the ledger does: each once."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.seen: set[ImbalanceSettings] = set()

    def __call__(self, settings: Sequence[ImbalanceSettings]) -> int:
        self.calls.append(len(settings))
        self.seen.update(settings)
        return len(self.seen)


def studied(
    folder: Path, tapes: Tapes, buy_ratios: Sequence[str] = (), workers: int = 1, count: Counted | None = None
) -> ReplayReport:
    request = StudyRequest(
        id="0" * 16,
        synthetic=True,
        tapes=tuple(StudiedTape(f"tape {n}", f"{n}" * 64) for n in range(len(tapes))),
        strategy=STRATEGY,
        base=BASE,
        candidates=tuple(Candidate({"buy_ratio": text}, _with_ratio(text)) for text in buy_ratios),
        controls=ControlArguments(random_runs=19, delay_ns=10_000_000_000, seed=7),
        seed=7,
    )
    folder.mkdir(parents=True, exist_ok=True)
    with open_runner(partial(TouchReplays, tapes), len(tapes), workers, no_progress) as runner:
        return study(request, runner, count or Counted(), folder)


def _with_ratio(text: str) -> ImbalanceSettings:
    return msgspec.structs.replace(ImbalanceSettings(), buy_ratio=int(float(text) * SCALE))


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> tuple[ReplayReport, Path]:
    folder = tmp_path_factory.mktemp("edge")
    return studied(folder, [EDGE]), folder


def test_a_planted_edge_survives_and_its_controls_do_not(edge: tuple[ReplayReport, Path]) -> None:
    found, _ = edge
    assert found.verdict.word is VerdictWord.SURVIVES
    lines = found.controls.lines
    net = {name: by_model["pessimistic"].net_bps for name, by_model in lines.items()}
    assert net["strategy"] == found.figures.net_bps
    assert (net["strategy"].mean or 0) > 5
    assert net["inverted"].ci95 is not None
    assert net["inverted"].ci95[1] < -10  # it loses more than the costs of a round trip
    assert (net["random"].mean or 0) < (net["strategy"].mean or 0)
    assert (found.controls.rank.runs, found.controls.rank.as_good) == (19, 0)
    models = {"pessimistic", "base", "optimistic"}
    assert {name: set(by_model) == models for name, by_model in lines.items()} == dict.fromkeys(
        ("strategy", "random", "inverted", "delayed"), True
    )


def test_without_an_edge_nothing_survives(tmp_path: Path) -> None:
    found = studied(tmp_path, [NO_EDGE])
    assert found.verdict.word in (VerdictWord.DOES_NOT_SURVIVE, VerdictWord.NOT_SHOWN)
    assert found.figures.trades >= 40


def test_random_entries_are_about_as_many_as_the_strategys(edge: tuple[ReplayReport, Path]) -> None:
    found, _ = edge
    pooled = found.controls.lines["random"]["pessimistic"].trades / found.controls.rank.runs
    assert pooled == pytest.approx(found.figures.trades, rel=0.4)


def test_every_axis_holds_the_replay_itself_and_its_neighbours(edge: tuple[ReplayReport, Path]) -> None:
    axes = edge[0].sensitivity
    for points in (axes.threshold, axes.depth, axes.latency):
        (own,) = [point for point in points if point.chosen]
        assert own.net_bps.mean == edge[0].figures.net_bps.mean
        assert [point.x for point in points] == sorted(point.x for point in points)
        assert len(points) >= 4
    late = {point.text: point.gross_bps.mean or 0.0 for point in axes.latency}
    assert late["0 ms"] - late["100 ms"] == pytest.approx(1, abs=0.01)  # 100 ms cost 1 bp there


def test_the_fee_axis_crosses_the_net_mean_at_the_fee_that_was_charged(edge: tuple[ReplayReport, Path]) -> None:
    found = edge[0]
    by_fee = {point.x: point.net_bps.mean or 0.0 for point in found.sensitivity.fee}
    assert by_fee[0.0] == pytest.approx(found.figures.gross_bps.mean)
    assert by_fee[5.0] == pytest.approx(found.figures.net_bps.mean, abs=1e-4)


def test_the_replay_is_counted_before_it_and_its_neighbours_before_they_run(tmp_path: Path) -> None:
    count = Counted()
    found = studied(tmp_path, [EDGE], count=count)
    assert count.calls[0] == 1
    assert found.deflation.trials == 1  # neighbours had no part in this choice
    assert len(count.seen) == 1 + 4 + 4  # thresholds and depths; fees and latencies are no configurations


def test_a_sweep_is_counted_whole_and_deflates_its_best(tmp_path: Path) -> None:
    found = studied(tmp_path, [EDGE], ["2", "3", "3.5", "50"], count=Counted())
    assert found.deflation.trials == 4
    assert found.deflation.luck_t > 0
    assert len(found.swept) == 4
    (chosen,) = [point for point in found.swept if point.chosen]
    assert chosen.t == max(point.t for point in found.swept if point.t is not None)
    assert found.strategy.settings["buy_ratio"] == chosen.parameters["buy_ratio"]
    assert found.figures.net_bps.mean == chosen.net_bps.mean
    by_ratio = {point.parameters["buy_ratio"]: point.trades for point in found.swept}
    assert by_ratio["50"] < by_ratio["3"]  # it never buys


def test_tapes_are_pooled_and_shown_one_by_one(tmp_path: Path) -> None:
    both = studied(tmp_path / "both", [EDGE, NO_EDGE])
    assert [tape.tape for tape in both.tapes] == ["tape 0", "tape 1"]
    assert both.figures.trades == sum(tape.trades for tape in both.tapes)
    weighted = sum(tape.trades * (tape.gross_bps.mean or 0) for tape in both.tapes) / both.figures.trades
    assert both.figures.gross_bps.mean == pytest.approx(weighted)
    assert both.updates == sum(tape.updates for tape in both.tapes)
    assert len({tape.decisions_sha256 for tape in both.tapes} | {both.decisions_sha256}) == 3


def test_processes_change_nothing_but_the_time(edge: tuple[ReplayReport, Path], tmp_path: Path) -> None:
    spread = studied(tmp_path, [EDGE], workers=2)
    apart = {"seconds", "created_at"}
    assert spread.model_dump(exclude=apart) == edge[0].model_dump(exclude=apart)


def test_the_trades_are_a_file_whose_means_are_those_of_the_report(edge: tuple[ReplayReport, Path]) -> None:
    found, folder = edge
    gross, net = read_means(folder / TRADES)
    assert len(gross) == found.figures.trades
    assert (gross.mean(), net.mean()) == pytest.approx(
        (found.figures.gross_bps.mean, found.figures.net_bps.mean), abs=1e-4
    )


def test_a_stored_report_is_read_back_whole_and_its_page_fetches_nothing(edge: tuple[ReplayReport, Path]) -> None:
    found, folder = edge
    again = ReplayReport.model_validate_json(found.model_dump_json())
    assert again == found
    outcome = draw_missing(drawings(folder, again))
    assert outcome.problems == []
    page = outcome.files[0].read_text(encoding="utf-8")
    assert fetched(page) == []
    assert page.index(found.verdict.sentence[:30]) < page.index("Profit factor")
    assert "SYNTHETIC TAPE" in page


def test_the_decisions_of_several_tapes_are_one_hash_that_knows_their_order(tmp_path: Path) -> None:
    replays = TouchReplays([EDGE, NO_EDGE])
    one, two = (replays.run(tape, BASE) for tape in (0, 1))
    assert decisions_of([one]) == one.decisions_sha256
    assert len(decisions_of([one, two])) == 64
    assert decisions_of([one, two]) != decisions_of([two, one])
