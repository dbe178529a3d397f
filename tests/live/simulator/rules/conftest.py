"""Accounts that tests of the rules start from."""

from pathlib import Path

import pytest

from live.simulator.http.rate_limits import RateLimits
from tests.live.simulator.rules.orders import MARKET, place
from tests.live.simulator.venue_client import VenueClient, open_client


@pytest.fixture(scope="module")
def shared(generated_tape: Path) -> VenueClient:
    """A flat account in one-way mode, for requests that change nothing because they are refused."""
    return open_client(generated_tape)


@pytest.fixture(autouse=True)
def new_order_counts(request: pytest.FixtureRequest) -> None:
    """Orders of the one exchange are counted anew for each test: a refused batch counts five in ten seconds."""
    if "refusing" in request.fixturenames:
        request.getfixturevalue("refusing").venue.gateway.limits = RateLimits()


@pytest.fixture
def refusing(shared: VenueClient) -> VenueClient:
    """The shared account, with no orders counted yet: a refused batch counts five in ten seconds."""
    shared.venue.gateway.limits = RateLimits()
    return shared


@pytest.fixture
def client(generated_tape: Path) -> VenueClient:
    """A flat account in one-way mode."""
    return open_client(generated_tape)


@pytest.fixture
def long(client: VenueClient) -> VenueClient:
    """An account that holds 0.010."""
    place(client, MARKET)
    return client


@pytest.fixture
def hedged(client: VenueClient) -> VenueClient:
    """Hedge mode with LONG 0.010."""
    client.call("POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")
    place(client, MARKET, positionSide="LONG")
    return client
