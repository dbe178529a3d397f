"""Funding counts in the margin asset alone; in another asset it ends entries."""

import msgspec
import pytest

from live.engine import actions as a
from live.engine import events as e
from live.engine.contract import MarginAssetsError, margin_asset_of
from live.engine.engine import start
from live.engine.risk.profit import profit
from live.engine.settings import ImbalanceSettings
from live.money import SCALE
from tests.live.engine.driven import DrivenEngine, S
from tests.live.engine.states import CAPITAL, CONTRACT, LIMITS, NOW_NS, other


def paid(engine: DrivenEngine, asset: str) -> list[a.Action]:
    """The stream tells of 3 units of an asset that were charged."""
    return engine.take(e.FundingPaid(engine.now_ns, "", -3 * SCALE, engine.now_ns, asset))


def listed(engine: DrivenEngine, **by_asset: int) -> list[a.Action]:
    """The income list, a minute later, which then covers what the stream told."""
    engine.now_ns += 60 * S
    report = e.FundingReport(engine.now_ns, engine.now_ns, 0, sum(by_asset.values()), tuple(by_asset.items()))
    return engine.take(report)


@pytest.mark.parametrize("asset", ["USDT", ""])
def test_funding_in_the_margin_asset_counts_and_so_does_that_of_an_older_journal(asset: str) -> None:
    engine = DrivenEngine()
    paid(engine, asset)
    assert profit(engine.state) == -3 * SCALE
    listed(engine, USDT=-4 * SCALE)
    assert profit(engine.state) == -4 * SCALE
    assert engine.state.latch is None


def test_the_list_of_an_older_journal_counts_as_a_whole() -> None:
    engine = DrivenEngine()
    engine.take(e.FundingReport(engine.now_ns, engine.now_ns, 0, -2 * SCALE))
    assert profit(engine.state) == -2 * SCALE


def test_funding_in_another_asset_is_no_dollars_and_ends_entries() -> None:
    engine = DrivenEngine()
    said = paid(engine, "BNFCR")
    assert profit(engine.state) == 0
    assert [alert.code for alert in engine.kinds(a.Alert, said)] == ["funding_asset"]
    assert engine.state.latch is not None
    assert not engine.state.latch.flatten


def test_funding_that_only_the_list_shows_in_another_asset_ends_entries_too() -> None:
    engine = DrivenEngine()
    listed(engine, USDT=-SCALE, USDC=-5 * SCALE)
    assert profit(engine.state) == -SCALE
    assert engine.state.latch is not None
    assert engine.state.latch.reason == "funding_asset"


def test_a_run_over_two_margin_assets_is_refused_in_one_line() -> None:
    contracts = (CONTRACT, msgspec.structs.replace(other("BTCUSDC"), margin_asset="USDC"))
    with pytest.raises(MarginAssetsError, match="BTCUSDT in USDT, BTCUSDC in USDC") as found:
        margin_asset_of(contracts)
    assert "\n" not in str(found.value)
    with pytest.raises(MarginAssetsError):
        start(e.Started(NOW_NS, "r", CAPITAL, ImbalanceSettings(), LIMITS, contracts))
    assert margin_asset_of((CONTRACT, other("ETHUSDT"))) == "USDT"
