"""Clients of exchanges in process, without the weight limit of an address."""

from pathlib import Path

import pytest

from tests.live.simulator.requests.byte_client import ByteClient, open_bytes


@pytest.fixture
def client(generated_tape: Path) -> ByteClient:
    """A client of a new exchange."""
    return open_bytes(generated_tape, weight_limit=10**9)


@pytest.fixture(scope="module")
def refused(generated_tape: Path) -> ByteClient:
    """A client of one exchange for requests that change nothing."""
    return open_bytes(generated_tape, weight_limit=10**9)
