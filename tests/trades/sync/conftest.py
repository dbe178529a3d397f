"""Exchanges and stores of the tests of synchronisations."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from skills_lib.trades.store.sql_store import SqlStore
from tests.live.simulator.requests.byte_client import ByteClient
from tests.live.simulator.tapes import write_tape
from tests.trades.projection.sessions import new_store
from tests.trades.sync.exchange import open_exchange


@pytest.fixture(scope="session")
def tape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tape of a generated market."""
    return write_tape(tmp_path_factory.mktemp("tapes") / "btcusdt.ts_jsonl")


@pytest.fixture
def exchange(tape: Path) -> ByteClient:
    """A new exchange."""
    return open_exchange(tape)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store."""
    with new_store(tmp_path) as opened:
        yield opened
