"""Addresses of stores: a remote one only with TLS, and no password where anybody could read it."""

import pytest

from skills_lib.domain.errors import InputError
from skills_lib.settings import Settings
from skills_lib.trades.store.address import parse_address
from skills_lib.trades.store.choosing import store_address

SECRET = "correct-horse"
REMOTE = f"postgresql://me:{SECRET}@db.example.com:5432/trades"


@pytest.mark.parametrize(
    "url",
    [
        f"{REMOTE}?sslmode=disable",
        f"{REMOTE}?sslmode=prefer",
        f"{REMOTE}?sslmode=allow",
        "postgresql:///trades?host=db.example.com&sslmode=disable",
        "postgresql://localhost/trades?hostaddr=203.0.113.7&sslmode=disable",
        "postgresql://localhost/trades?host=localhost,db.example.com&sslmode=disable",
        "http://project.example.com",
    ],
)
def test_a_remote_store_without_tls_is_refused_unless_it_is_allowed(url: str) -> None:
    with pytest.raises(InputError, match="without TLS") as refused:
        parse_address(url, key="k")
    assert SECRET not in str(refused.value)
    parse_address(url, key="k", plaintext=True)


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        (REMOTE, "require"),
        (f"{REMOTE}?sslmode=verify-full", "verify-full"),
        ("postgresql:///t?host=10.0.0.7", "require"),
    ],
)
def test_a_remote_store_is_reached_by_tls_though_the_address_says_nothing(url: str, mode: str) -> None:
    assert dict(parse_address(url).parameters)["sslmode"] == mode


def test_the_environment_of_libpq_cannot_turn_tls_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "disable")
    with pytest.raises(InputError, match="sslmode=disable"):
        parse_address(REMOTE)
    monkeypatch.setenv("PGHOST", "db.example.com")
    with pytest.raises(InputError, match=r"db\.example\.com"):
        parse_address("postgresql:///trades")


@pytest.mark.parametrize("url", ["postgresql://localhost/t", "postgres://[::1]/t", "postgresql:///t?host=/run/pg"])
def test_a_server_of_this_machine_needs_no_tls(url: str) -> None:
    assert "sslmode" not in dict(parse_address(url).parameters)


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://me:{SECRET}@localhost/x",
        f"postgresql://me:{SECRET}@localhost:port/x",
        f"postgresql://localhost/x?password={SECRET}",
        "postgresql://localhost/x?service=other",
        f"https://me:{SECRET}@project.supabase.co",
        "sqlite:trades.sqlite",
        "trades.sqlite",
        "",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_address(url, key="k")
    assert SECRET not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_neither_password_nor_key_is_in_what_is_shown() -> None:
    direct, rest = parse_address(REMOTE), parse_address("https://p.supabase.co", key=SECRET, token=SECRET)
    assert SECRET not in f"{direct} {direct!r} {direct.shown} {rest} {rest!r} {rest.shown}"
    assert direct.shown == "postgresql://me@db.example.com:5432/trades"


def test_a_rest_address_needs_a_key() -> None:
    with pytest.raises(InputError, match="set TWOKEY_STORE_KEY"):
        parse_address("https://p.supabase.co")


def test_a_workspace_has_its_own_file_unless_the_settings_name_another(
    workspace: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store_address(workspace).file == workspace.home / "data" / "store" / "trades.sqlite"
    monkeypatch.setenv("TWOKEY_STORE_URL", REMOTE)
    monkeypatch.setenv("TWOKEY_STORE_SCHEMA", "twokey")
    found = store_address(Settings())
    assert (found.shown, found.schema) == ("postgresql://me@db.example.com:5432/trades", "twokey")
    assert SECRET not in repr(Settings())


def test_a_password_in_the_committed_settings_file_is_refused(workspace: Settings) -> None:
    (workspace.home / "twokey.toml").write_text(f'store_url = "{REMOTE}"\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"the file is committed. Move the address to \.env") as refused:
        store_address(Settings())
    assert SECRET not in str(refused.value)
