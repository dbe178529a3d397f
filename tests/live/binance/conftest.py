"""An account at an exchange in process."""

from pathlib import Path

import pytest

from tests.live.binance.account import AccountClient, open_account


@pytest.fixture
def account(generated_tape: Path) -> AccountClient:
    """A client on a tape of twenty seconds."""
    return open_account(generated_tape)
