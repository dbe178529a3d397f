"""Flows are synchronised once each, go on where they ended, and are matched with what an exchange's income says."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from skills_lib.domain.errors import SourceUnavailableError
from skills_lib.market.retries import Retries
from skills_lib.trades.flows.banks import LOCAL_UP, UP
from skills_lib.trades.flows.flow_matching import FlowTolerance
from skills_lib.trades.flows.flow_sync import FlowsFound, FlowSync
from skills_lib.trades.flows.up_reader import UpReader
from skills_lib.trades.flows.up_rows import time_ms
from skills_lib.trades.reports.scope import scope_of
from skills_lib.trades.store.model import Filter
from skills_lib.trades.store.rows import StoredFlow, StoredIncome
from skills_lib.trades.store.sql_store import SqlStore
from tests.command import Command
from tests.trades.flows.up_server import TOKEN, FakeUp, serving_up, transaction
from tests.trades.projection.sessions import new_store

NOW = time_ms("2026-06-01T00:00:00+00:00")
SINCE = time_ms("2026-01-01T00:00:00+00:00")


def income(number: int, amount: str, time: str, **changes: Any) -> StoredIncome:
    given: dict[str, Any] = {"venue": "binance-simulator", "account": "paper", "income_type": "TRANSFER"}
    rest = {"income_id": number, "asset": "AUD", "amount": Decimal(amount), "time_ms": time_ms(time)}
    return StoredIncome(**(given | rest | changes))


def run(store: SqlStore, fake: FakeUp, since: int | None = None, now: int = NOW, venue: str = LOCAL_UP) -> FlowsFound:
    reader = UpReader(fake.url, SecretStr(TOKEN), Retries(1, 0))
    return FlowSync(store, reader, venue, now, FlowTolerance()).run(since)


def flows(store: SqlStore) -> dict[str, StoredFlow]:
    return {row.flow_id: row for row in store.rows(StoredFlow)}


ROWS = [
    transaction(4, "2026-05-20T10:00:00+10:00", -4_200),
    transaction(3, "2026-05-10T10:00:00+10:00", -1_000, other_account="saver"),
    transaction(2, "2026-03-02T10:00:00+11:00", 8_050),
    transaction(1, "2026-02-01T10:00:00+11:00", -50_000),
]


def test_transactions_and_transfers_are_matched_and_a_repetition_changes_nothing(sqlite: SqlStore) -> None:
    sqlite.write([income(1, "500", "2026-02-02T00:00:00+00:00"), income(2, "-80.5", "2026-03-01T00:00:00+00:00")])
    with serving_up(ROWS) as fake:
        first = run(sqlite, fake, SINCE)
        assert (first.fetched, first.written.inserted) == (4, 6)
        found = flows(sqlite)
        assert found["transaction-1"].matched_id == "TRANSFER 1"
        assert found["TRANSFER 2"].matched_id == "transaction-2"
        assert (found["transaction-3"].match, found["transaction-4"].match) == ("unmatched", "unmatched")
        again = run(sqlite, fake, SINCE)
        assert (again.written.inserted, again.written.updated, again.written.unchanged) == (0, 0, 6)
    assert flows(sqlite) == found


def test_whenever_the_bank_goes_away_what_was_read_stays_and_the_next_run_reads_the_rest(
    sqlite: SqlStore, tmp_path: Path
) -> None:
    with serving_up(ROWS) as fake:
        run(sqlite, fake, SINCE)
        expected, asked = flows(sqlite), len(fake.asked)
    for answered in range(1, asked, 3):
        folder = tmp_path / str(answered)
        folder.mkdir()
        with serving_up(ROWS) as fake, new_store(folder) as store:
            fake.gone_after = answered
            with pytest.raises(SourceUnavailableError, match="HTTP 400"):
                run(store, fake, SINCE)
            known = flows(store)
            fake.gone_after, before = None, len(fake.asked)
            found = run(store, fake, None if answered > 1 else SINCE)
            assert found.coverage is not None
            assert found.coverage.complete_from_ms == SINCE
            assert len(fake.asked) - before <= asked - answered + 2
        assert known.items() <= expected.items()
    assert len(expected) == 4


def test_what_was_held_is_read_again_until_it_settles_or_is_gone(sqlite: SqlStore) -> None:
    held = {"status": "HELD", "settledAt": None}
    rows = [
        transaction(2, "2026-03-02T10:00:00+11:00", -700, **held),
        transaction(1, "2026-02-01T10:00:00+11:00", -500),
    ]
    with serving_up([rows[0], transaction(1, "2026-02-01T10:00:00+11:00", -400, **held)]) as fake:
        run(sqlite, fake, SINCE)
        assert {row.status for row in flows(sqlite).values()} == {"HELD"}
        fake.rows = rows[1:]
        again = run(sqlite, fake, now=NOW + 1_000)
    found = flows(sqlite)
    assert (found["transaction-1"].status, str(found["transaction-1"].amount)) == ("SETTLED", "-5")
    assert found["transaction-2"].status == "GONE"
    assert again.written.updated == 2


def test_real_money_is_no_match_for_paper(sqlite: SqlStore) -> None:
    sqlite.write([income(1, "500", "2026-02-02T00:00:00+00:00", venue="binance")])
    with serving_up(ROWS) as fake:
        run(sqlite, fake, SINCE)
        assert flows(sqlite)["TRANSFER 1"].match == "unmatched"
        run(sqlite, fake, SINCE, venue=UP)
    assert flows(sqlite)["TRANSFER 1"].matched_venue == UP
    assert scope_of(sqlite).accounts == (), "a bank is no account that trades"
    where = Filter(equal={"flow_id": "transaction-1"})
    assert {row.venue: row.match for row in sqlite.rows(StoredFlow, where)} == {UP: "matched", LOCAL_UP: "unmatched"}


def test_the_verb_lists_what_is_ambiguous_and_never_shows_the_token(
    twokey: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    twokey("store", "init")
    assert "no token of Up" in twokey("flows", "sync", "--host", "127.0.0.1:1").err
    monkeypatch.setenv("TWOKEY_UP_TOKEN", TOKEN)
    with serving_up(ROWS) as fake:
        words = ("flows", "sync", "--host", f"{fake.host}/api/v1", "--since", "2026-01-01")
        found = twokey(*words, "--json").answer
        shown = twokey(*words)
        fake.planned = [(401, {}, b"")]
        refused = twokey(*words)
    assert (found["inserted"], found["ambiguous"], found["accounts"][0]["balance"]) == (4, [], "1")
    assert found["flows"] == {"bank unmatched": 4}
    assert "0 new rows" in shown.out
    assert (refused.code, "refused the token" in refused.err) == (2, True)
    assert TOKEN not in shown.out + shown.err + refused.out + refused.err
    for words in (("--difference", "x"), ("--host", "example.com:1"), ("--since", "soon")):
        assert twokey("flows", "sync", *words).code == 2
