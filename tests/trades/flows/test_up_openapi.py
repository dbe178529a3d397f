"""What is read of Up agrees with its own OpenAPI description, which Prism serves: shapes, parameters, refusals.

Prism gives neither limits nor a real next page: `up_server` does. The description is not a part of this repository.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from skills_lib.domain.errors import CorruptDataError, InputError
from skills_lib.market.retries import Retries
from skills_lib.trades.flows.up_messages import UpAccountsPage, UpTransactionsPage
from skills_lib.trades.flows.up_reader import UpReader
from tests.client.tools import node_tool
from tests.repository import ROOT
from tests.trades.flows.up_server import TOKEN
from tests.trades.store.servers import free_port

DESCRIPTION = ROOT.parent / "shared" / "data" / "fixtures" / "up_bank" / "up_openapi_v1.json"
SPAN = {"filter[since]": "2026-01-01T00:00:00.000+00:00", "filter[until]": "2026-02-01T00:00:00.000+00:00"}


@pytest.fixture(scope="module")
def prism(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of Prism, which refuses requests that the description does not allow."""
    program = node_tool("prism")
    if not DESCRIPTION.exists():
        pytest.skip(f"Up's OpenAPI description is not there: {DESCRIPTION}")
    port, log = free_port(), tmp_path_factory.mktemp("prism") / "log"
    words = [program, "mock", "--errors", "--host", "127.0.0.1", "--port", str(port), str(DESCRIPTION)]
    with log.open("wb") as output:
        process = subprocess.Popen(words, stdout=output, stderr=output, env=os.environ | {"NO_COLOR": "1"})
    try:
        _wait(process, f"http://127.0.0.1:{port}", log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(20)


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    """Ask until it answers or has ended."""
    for _ in range(5_000):
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            httpx.get(f"{url}/util/ping", timeout=20)
            return
        except httpx.TransportError:
            with httpx.Client() as _:
                pass
    raise AssertionError(log.read_text(encoding="utf-8"))


def reader_at(url: str) -> UpReader:
    return UpReader(url, SecretStr(TOKEN), Retries(1, 0), 30)


def test_accounts_and_transactions_have_the_shape_that_is_read(prism: str) -> None:
    reader = reader_at(prism)
    assert reader.page("/accounts", {}, UpAccountsPage).data
    (row, *_) = reader.page("/transactions", SPAN, UpTransactionsPage).data
    assert isinstance(row.attributes.amount.value_in_base_units, int)
    assert row.attributes.status in ("HELD", "SETTLED")


def test_a_next_page_that_is_no_address_of_the_host_is_not_asked(prism: str) -> None:
    with pytest.raises(CorruptDataError, match="another address"):
        [*reader_at(prism).accounts()]


def test_a_request_without_a_token_and_one_that_is_refused(prism: str) -> None:
    assert httpx.get(f"{prism}/accounts", timeout=30).status_code == httpx.codes.UNAUTHORIZED
    reader = reader_at(prism)
    reader._client.headers["Prefer"] = "code=401"
    with pytest.raises(InputError, match="refused the token"):
        reader.page("/util/ping", {}, UpAccountsPage)
