"""The engine on planted tapes: a true edge survives, one that is not there does not, and every run repeats itself."""

from functools import partial
from pathlib import Path

import msgspec
import pytest

from live.binance.calls import CallWriter
from live.binance.signing import Signer
from live.engine.events import Started
from live.engine.limits import Executor, effective
from live.engine.settings import EntryKind, ImbalanceSettings
from live.journal.encoding import event_of
from live.money import SCALE
from live.replay.agreement import DisagreementError, VenueRecords, require_agreement
from live.replay.conditions import Conditions
from live.replay.engine_replays import EngineReplays
from live.replay.figures.trades import trade_figures
from live.replay.figures.verdict import VerdictWord
from live.replay.first_price import contract_and_price
from live.replay.study.comparisons import ControlArguments
from live.replay.study.model import ReplayReport
from live.replay.study.parallel import open_runner
from live.replay.study.study import StudiedTape, StudyRequest, study
from live.replay.study.variants import SignalChoice, SignalKind, Variant, with_signal
from live.replay.tape_run import EngineRun
from live.replay.tapes import ReplayTape
from live.simulator.core.fill_models import FillModel
from live.simulator.latency import ASSUMED
from live.simulator.settings import DEFAULT_KEY, DEFAULT_SECRET
from skills_lib.domain.errors import InputError
from skills_lib.progress import no_progress
from skills_lib.trades.journal.reading import read_journal
from skills_lib.trades.journal.verification import verify_journal
from tests.live.replay.planted_tape import planted_tape
from tests.live.replay.test_study import STRATEGY, Counted

CAPITAL = 40_000 * SCALE
CONDITIONS = Conditions(symbol="BTCUSDT", capital=CAPITAL, limits=effective(Executor.SCALP, CAPITAL, {}), seed=7)
BASE = Variant(settings=ImbalanceSettings(), fills=FillModel.PESSIMISTIC, latency=ASSUMED)


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted_tape(tmp_path_factory.mktemp("edge") / "edge.ts_jsonl", reliability=0.97, episodes=34)


@pytest.fixture(scope="module")
def replays(edge: Path) -> EngineReplays:
    return EngineReplays([edge], CONDITIONS, [BASE.settings])


def studied(tape: Path, folder: Path) -> ReplayReport:
    request = StudyRequest(
        id="0" * 16,
        synthetic=True,
        tapes=(StudiedTape(tape.name, "5" * 64),),
        strategy=STRATEGY,
        base=BASE,
        candidates=(),
        controls=ControlArguments(random_runs=19, delay_ns=10_000_000_000, seed=7),
        seed=7,
    )
    with open_runner(partial(EngineReplays, [tape], CONDITIONS, [BASE.settings]), 1, 2, no_progress) as runner:
        return study(request, runner, Counted(), folder)


def test_a_true_edge_survives_under_every_fill_model_and_its_inverse_loses(edge: Path, tmp_path: Path) -> None:
    found = studied(edge, tmp_path)
    assert found.verdict.word is VerdictWord.SURVIVES
    lines = found.controls.lines
    assert all((line.net_bps.mean or 0) > 5 for line in lines["strategy"].values())
    assert all((line.net_bps.mean or 0) < -20 for line in lines["inverted"].values())
    assert found.controls.rank.as_good == 0
    assert found.figures.exits["target"] > 0.8 * found.figures.trades


def test_without_an_edge_the_verdict_says_so(tmp_path: Path) -> None:
    tape = planted_tape(tmp_path / "none.ts_jsonl", reliability=0.5, episodes=60, seed=4)
    found = EngineReplays([tape], CONDITIONS, [BASE.settings]).run(0, BASE)
    figures = trade_figures([found.trades], seed=7)
    assert figures.trades >= 10
    assert (figures.net_bps.mean or 0) < 0


def test_a_run_repeats_itself_to_the_last_decision(replays: EngineReplays, edge: Path) -> None:
    first, again, anew = (
        replays.run(0, BASE),
        replays.run(0, BASE),
        EngineReplays([edge], CONDITIONS, [BASE.settings]).run(0, BASE),
    )
    assert first == again == anew
    other = EngineReplays([edge], msgspec.structs.replace(CONDITIONS, seed=8), [BASE.settings]).run(0, BASE)
    assert other.decisions_sha256 != first.decisions_sha256


def test_a_journal_changes_no_decision_and_its_chain_holds(replays: EngineReplays, tmp_path: Path) -> None:
    journalled = replays.run(0, BASE, tmp_path / "journal.jsonl")
    without = replays.run(0, BASE)
    assert journalled.decisions_sha256 == without.decisions_sha256
    assert journalled.trades == without.trades
    assert verify_journal(tmp_path / "journal.jsonl", journalled.journal_head)


def test_round_trips_earn_what_the_exchange_booked(edge: Path) -> None:
    """Net of all round trips against the exchange's wallet, to the last unit."""
    run = EngineRun(ReplayTape(edge), CONDITIONS, BASE, None)
    found = run.play()
    account = next(iter(run.wire.venue.state.accounts.values()))
    assert account.wallet - CAPITAL == sum(trip.net for trip in found.trades.round_trips)
    assert found.trades.round_trips
    assert not found.open_at_end


@pytest.mark.parametrize("change", [{"price": 1}, {"fee": 1}, {"realised": 1}])
def test_a_record_that_differs_from_the_exchanges_by_one_unit_is_a_failure(edge: Path, change: dict[str, int]) -> None:
    run = EngineRun(ReplayTape(edge), CONDITIONS, BASE, None)
    run.play()
    number, traded = next(iter(run.collector.traded.items()))
    (name, by), fill = *change.items(), traded.trade.fill
    changed = msgspec.structs.replace(fill, **{name: getattr(fill, name) + by})
    trade = msgspec.structs.replace(traded.trade, fill=changed)
    run.collector.traded[number] = msgspec.structs.replace(traded, trade=trade)
    records = VenueRecords(run.wire, CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET)), run.began_ns)
    with pytest.raises(DisagreementError, match=f"trade {number} of BTCUSDT"):
        require_agreement(run.collector, records, run.contract)


def test_a_fee_counted_in_another_asset_is_a_failure(edge: Path) -> None:
    run = EngineRun(ReplayTape(edge), CONDITIONS, BASE, None)
    run.play()
    records = VenueRecords(run.wire, CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET)), run.began_ns)
    assert {asset for _, asset in records.incomes()} == {"USDT"}
    other = msgspec.structs.replace(run.contract, margin_asset="BNB")
    with pytest.raises(DisagreementError, match=r"(REALIZED_PNL|FUNDING_FEE) in (BNB|USDT)"):
        require_agreement(run.collector, records, other)


def test_a_fill_that_the_engine_never_learned_of_is_a_failure(edge: Path) -> None:
    run = EngineRun(ReplayTape(edge), CONDITIONS, BASE, None)
    run.play()
    run.collector.traded.popitem()
    records = VenueRecords(run.wire, CallWriter(Signer(DEFAULT_KEY, DEFAULT_SECRET)), run.began_ns)
    with pytest.raises(DisagreementError, match="the engine's record is None"):
        require_agreement(run.collector, records, run.contract)


def test_a_tape_that_is_not_kept_in_memory_gives_the_same_run(edge: Path) -> None:
    kept, read_again = (EngineRun(ReplayTape(edge, lines), CONDITIONS, BASE, None).play() for lines in (10**6, 100))
    assert kept == read_again


def test_post_only_entries_have_markouts(replays: EngineReplays) -> None:
    settings = ImbalanceSettings(entry=EntryKind.POST_ONLY)
    variant = msgspec.structs.replace(BASE, settings=settings, fills=FillModel.OPTIMISTIC)
    found = replays.run(0, with_signal(variant, SignalChoice(kind=SignalKind.RANDOM, seed=1, books_per_entry=4)))
    assert found.trades.maker_fills
    assert all(fill.mids[0] for fill in found.trades.maker_fills[:-1])


def test_a_tape_of_another_symbol_is_refused_in_one_line(edge: Path) -> None:
    with pytest.raises(InputError, match=r"holds no usable book of ETHUSDT\. Symbols on it: BTCUSDT\."):
        EngineReplays([edge], msgspec.structs.replace(CONDITIONS, symbol="ETHUSDT"), [BASE.settings])


def test_a_capital_below_the_smallest_order_of_the_tape_opens_no_replay(edge: Path) -> None:
    small = msgspec.structs.replace(CONDITIONS, capital=100 * SCALE)
    with pytest.raises(
        InputError, match=r"A capital of 100 USD is too small for BTCUSDT\..* Give at least [\d.]+ USD\."
    ):
        EngineReplays([edge], small, [BASE.settings])
    contract, price = contract_and_price(ReplayTape(edge), "BTCUSDT")
    assert price > 0
    assert contract == EngineRun(ReplayTape(edge), CONDITIONS, BASE, None).contract


def test_the_capital_must_suffice_for_every_combination_of_a_sweep(edge: Path) -> None:
    tiny = msgspec.structs.replace(BASE.settings, order_usd=SCALE)
    EngineReplays([edge], CONDITIONS, [BASE.settings])
    with pytest.raises(InputError, match="order_usd=1 is below it"):
        EngineReplays([edge], CONDITIONS, [BASE.settings, tiny])


def test_the_effective_limits_are_in_the_first_event_of_the_journal(edge: Path, tmp_path: Path) -> None:
    tighter = effective(Executor.SCALP, CAPITAL, {"daily_loss": 123 * SCALE})
    conditions = msgspec.structs.replace(CONDITIONS, limits=tighter)
    EngineReplays([edge], conditions, [BASE.settings]).run(0, BASE, tmp_path / "a.jsonl")
    _, first, *_ = read_journal(tmp_path / "a.jsonl")
    assert first.kind == "started"
    started = event_of(first.kind, first.time_ns, first.body)
    assert isinstance(started, Started)
    assert started.limits == tighter
