"""A store by its REST address, over a server that cuts answers or carries out a request without answering it."""

from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest

from skills_lib.domain.errors import CorruptDataError, InputError
from skills_lib.trades.store.address import parse_address
from skills_lib.trades.store.errors import StoreUnavailableError
from skills_lib.trades.store.model import Written
from skills_lib.trades.store.rest_store import RestStore
from skills_lib.trades.store.rest_values import received
from skills_lib.trades.store.rows import StoredFill
from tests.trades.store.cutting_proxy import Proxy, proxy_of
from tests.trades.store.examples import example, fill
from tests.trades.store.lite import Lite
from tests.trades.store.roles import OWNER


@pytest.fixture
def behind(lite: Lite, rest_store: RestStore) -> Iterator[tuple[Proxy, RestStore]]:
    """The store behind a proxy."""
    with proxy_of(lite.url) as (proxy, url), RestStore(parse_address(url, key=lite.private, owner=OWNER)) as store:
        yield proxy, store


def test_the_server_cuts_answers_as_supabase_does(lite: Lite, rest_store: RestStore) -> None:
    rest_store.write([fill(i) for i in range(60)])
    answer = httpx.get(f"{lite.url}/rest/v1/fills?select=trade_id", headers={"apikey": lite.private})
    assert len(answer.json()) == 40


def test_answers_that_are_cut_change_no_total(rest_store: RestStore) -> None:
    rows = [fill(i, fee=Decimal("0.1"), time_ms=1_000) for i in range(100)]
    rest_store.write(rows)
    assert list(rest_store.rows(StoredFill)) == rows
    assert rest_store.count(StoredFill) == 100
    assert [total.sums for total in rest_store.totals(StoredFill, ["fee"])] == [{"fee": Decimal(10)}]


def test_a_write_that_was_carried_out_but_not_answered_is_repeated(behind: tuple[Proxy, RestStore]) -> None:
    proxy, store = behind
    proxy.unanswered = 2
    written = store.write([fill(i) for i in range(10)])
    assert (proxy.asked, written) == (3, {"fills": Written(unchanged=10)})
    assert store.totals(StoredFill, ["fee"])[0].sums == {"fee": Decimal("0.2")}


def test_a_read_that_was_not_answered_is_repeated(behind: tuple[Proxy, RestStore]) -> None:
    proxy, store = behind
    store.write([fill(i) for i in range(10)])
    proxy.unanswered = 3
    assert len(list(store.rows(StoredFill))) == 10


def test_a_server_that_never_answers_is_given_up_and_the_write_may_be_repeated(
    behind: tuple[Proxy, RestStore],
) -> None:
    proxy, store = behind
    proxy.unanswered = 100
    with pytest.raises(StoreUnavailableError, match="no answer"):
        store.write([fill(1)])
    proxy.unanswered = 0
    assert store.write([fill(1), fill(2)]) == {"fills": Written(inserted=1, unchanged=1)}


def test_all_rows_of_a_request_are_written_or_none(rest_store: RestStore) -> None:
    with pytest.raises(InputError, match="64 bits"):
        rest_store.write([fill(1), fill(2**63)])
    assert rest_store.count(StoredFill) == 0


def test_an_amount_that_came_as_a_float_is_no_amount() -> None:
    names = dict.fromkeys(StoredFill.__dataclass_fields__, "1")
    numbers = {f"text_{name}": "1" for name in names}
    assert received(StoredFill, names | numbers | {"maker": True}).fee == 1
    with pytest.raises(CorruptDataError, match="as a float"):
        received(StoredFill, names | numbers | {"text_fee": 0.1, "maker": True})


def test_the_function_that_writes_says_nothing_of_rows_in_errors(rest_store: RestStore) -> None:
    with pytest.raises(InputError) as refused:
        rest_store.write([example(StoredFill, client_order_id="private", trade_id=2**63)])
    assert "private" not in str(refused.value)
