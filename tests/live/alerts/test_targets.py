"""Addresses of messages hold secrets: none is shown, and none goes unencrypted over a network."""

import pytest

from live.alerts.targets import targets_of
from skills_lib.domain.errors import InputError

SECRET = "s3cr3t-token-0123456789"


@pytest.mark.parametrize(
    "target",
    [
        f"discord://123456/{SECRET}",
        f"tgram://123456:{SECRET}/99",
        f"mailtos://a:{SECRET}@example.org",
        "jsons://x.org/y",
    ],
)
def test_encrypted_channels_are_taken(target: str) -> None:
    assert targets_of(f"  {target}\n") == (target,)


def test_a_webhook_on_this_machine_may_be_plain() -> None:
    assert targets_of("json://127.0.0.1:8000/hook json://[::1]:8000") == (
        "json://127.0.0.1:8000/hook",
        "json://[::1]:8000",
    )


@pytest.mark.parametrize(
    "target",
    [
        f"json://example.org/{SECRET}",
        f"json://127.0.0.1@example.org/{SECRET}",
        f"mailto://a:{SECRET}@example.org",
        f"http://example.org/{SECRET}",
        f"syslog://{SECRET}",
        SECRET,
        f"json://[{SECRET}",
    ],
)
def test_what_is_not_encrypted_or_not_known_is_refused_without_showing_it(target: str) -> None:
    with pytest.raises(InputError) as error:
        targets_of(f"discord://1/2 {target}")
    assert "address 2" in str(error.value)
    assert SECRET not in str(error.value)


def test_a_misspelt_channel_is_guessed() -> None:
    with pytest.raises(InputError, match="discord"):
        targets_of("dicsord://1/2")
