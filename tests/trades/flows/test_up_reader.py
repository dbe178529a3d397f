"""Up is read page by page from one host, within its limits, and its token is never shown."""

import pytest
from pydantic import SecretStr

from skills_lib.domain.errors import CorruptDataError, InputError, SourceUnavailableError
from skills_lib.market.retries import Retries
from skills_lib.settings import Settings
from skills_lib.trades.flows.up_messages import UpAmount
from skills_lib.trades.flows.up_reader import UpReader, up_url
from skills_lib.trades.flows.up_rows import amount_of, bank_row
from tests.trades.flows.up_server import TOKEN, FakeUp, serving_up, transaction

SPAN = ("2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00")
ROWS = [transaction(number, f"2026-01-1{number}T10:00:00+11:00", -100 * number) for number in (5, 4, 3, 2, 1)]


def reader_of(fake: FakeUp, token: str = TOKEN, **options: int) -> UpReader:
    return UpReader(fake.url, SecretStr(token), Retries(3, 0), **options)


def read(fake: FakeUp, **options: int) -> list[str]:
    return [row.id for row in reader_of(fake, **options).transactions(*SPAN)]


def test_all_pages_are_read_in_order() -> None:
    with serving_up(ROWS) as fake:
        assert read(fake) == [f"transaction-{number}" for number in (5, 4, 3, 2, 1)]
        assert len(fake.asked) == 3


def test_limits_and_failures_that_pass_are_waited_for_and_end_in_one_line() -> None:
    limited = (429, {"Retry-After": "0"}, b"")
    with serving_up(ROWS) as fake:
        fake.planned = [limited, (503, {}, b"")]
        assert len(read(fake)) == 5
        fake.planned = [limited] * 3
        with pytest.raises(SourceUnavailableError, match="HTTP 429"):
            read(fake)
        fake.planned = [(429, {"Retry-After": "3600"}, b"")]
        before = len(fake.asked)
        with pytest.raises(SourceUnavailableError, match="429"):
            read(fake)
        assert len(fake.asked) == before + 1


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/api/v1/transactions?page=2",
        "//evil.example/api/v1/transactions",
        "http://127.0.0.1:1/api/v1/transactions",
        "http://user@HOST/api/v1/transactions",
        "https://HOST/api/v1/transactions",
        "http://HOST/other/transactions",
        "transactions?page=2",
        "http://[",
    ],
)
def test_the_token_goes_to_no_other_host(link: str) -> None:
    with serving_up(ROWS) as fake:
        fake.next_of = lambda _: link.replace("HOST", fake.host)
        with pytest.raises(CorruptDataError, match="another address") as error:
            read(fake)
        assert "evil" not in str(error.value)
        assert len(fake.asked) == 1


def test_pages_that_do_not_end_are_given_up() -> None:
    with serving_up(ROWS) as fake:
        times = "filter[since]=2026-01-01T00:00:00Z&filter[until]=2026-02-01T00:00:00Z"
        fake.next_of = lambda _: f"{fake.url}/transactions?{times}"
        with pytest.raises(CorruptDataError, match="do not end"):
            read(fake)


def test_a_redirect_is_not_followed() -> None:
    with serving_up(ROWS) as fake:
        fake.planned = [(302, {"Location": f"{fake.url}/accounts"}, b"")]
        with pytest.raises(SourceUnavailableError, match="HTTP 302"):
            read(fake)
        assert len(fake.asked) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"data": [{}], "links": {"next": null}}', b"\xff"])
def test_what_cannot_be_read_is_one_line(body: bytes) -> None:
    with serving_up(ROWS) as fake:
        fake.planned = [(200, {}, body)]
        with pytest.raises(CorruptDataError, match="/transactions cannot be read"):
            read(fake)


def test_a_body_that_is_too_long_is_refused() -> None:
    with serving_up(ROWS) as fake, pytest.raises(CorruptDataError, match="longer than 500 bytes"):
        read(fake, max_body=500)


@pytest.mark.parametrize("token", ["canary5512", "canary 5512", "canäry5512", "canary5512\n"])
def test_a_token_that_is_refused_is_not_shown(token: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    with serving_up(ROWS) as fake, pytest.raises(InputError, match="TWOKEY_UP_TOKEN") as error:
        [*reader_of(fake, token).accounts()]
    assert "5512" not in str(error.value) + caplog.text


def test_the_setting_shows_no_token_and_no_committed_file_may_hold_it(
    workspace: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match="no token of Up"):
        UpReader("http://127.0.0.1:1", workspace.up_token, Retries(1, 0))
    (workspace.home / "twokey.toml").write_text(f'up_token = "{TOKEN}"\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"TWOKEY_UP_TOKEN in the environment or in \.env") as error:
        Settings()
    assert TOKEN not in str(error.value)
    (workspace.home / "twokey.toml").unlink()
    (workspace.home / ".env").write_text(f"TWOKEY_UP_TOKEN={TOKEN}\n", encoding="utf-8")
    found = Settings()
    assert found.up_token is not None
    assert found.up_token.get_secret_value() == TOKEN
    assert TOKEN not in f"{found!r} {found} {found.model_dump_json()}"


@pytest.mark.parametrize("host", ["example.com:443", "127.0.0.1", "user@127.0.0.1:1", "127.0.0.1:x", "127.0.0.1:1?a"])
def test_only_this_machine_is_read_without_tls(host: str) -> None:
    with pytest.raises(InputError, match="no address of this machine"):
        up_url(host)
    assert up_url("").startswith("https://")
    assert up_url("127.0.0.1:4010/api/v1/") == "http://127.0.0.1:4010/api/v1"


@pytest.mark.parametrize(
    ("text", "units", "exact"),
    [
        *(
            ("-59.98", -5998, "-59.98"),
            ("0.00", 0, "0.00"),
            ("92233720368547758.07", 2**63 - 1, "92233720368547758.07"),
        ),
        *(("500", 500, "500"), ("1.234", 1234, "1.234"), ("-0.05", -5, "-0.05")),
    ],
)
def test_amounts_are_exact_whatever_the_currency(text: str, units: int, exact: str) -> None:
    assert str(amount_of(UpAmount("AUD", text, units))) == exact


@pytest.mark.parametrize(("text", "units"), [("1.00", 1), ("string", 1), ("", 5), ("NaN", 1), ("-1.00", 100)])
def test_an_amount_whose_text_differs_is_refused(text: str, units: int) -> None:
    with pytest.raises(CorruptDataError, match="differ"):
        amount_of(UpAmount("AUD", text, units))


def test_a_transaction_becomes_a_row() -> None:
    held = transaction(7, "2026-01-09T10:00:00.250+11:00", -5998, status="HELD", settledAt=None, rawText="SWIFTX 77")
    with serving_up([held]) as fake:
        (found,) = reader_of(fake).transactions(*SPAN)
    row = bank_row(found, "up")
    assert (row.account, row.kind, row.flow_id, row.asset) == ("spending", "bank", "transaction-7", "AUD")
    assert (str(row.amount), row.status, row.settled_ms) == ("-59.98", "HELD", None)
    assert (row.time_ms, row.description, row.reference) == (1_767_913_200_250, "payment 7 | SWIFTX 77", "")
