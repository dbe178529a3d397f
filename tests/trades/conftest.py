"""Sessions and stores of the tests of projections."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from skills_lib.trades.store.sql_store import SqlStore
from tests.trades.projection.sessions import Traded, new_store, traded_session


@pytest.fixture(scope="session")
def traded(tmp_path_factory: pytest.TempPathFactory) -> Traded:
    """A session of the real engine."""
    return traded_session(tmp_path_factory.mktemp("traded"))


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store."""
    with new_store(tmp_path) as store:
        yield store
