"""Keys of the environment: an Ed25519 key from a file that only its owner reads signs what the exchange accepts."""

import os
import traceback
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from live.binance.calls import CallWriter
from live.binance.signing import Ed25519Signer
from live.simulator.http.credentials import Credential
from live.simulator.settings import DEFAULT_KEY
from live.sockets.endpoints import TradingVenue
from live.sockets.keys import KeyHolder, signer_of
from skills_lib.domain.errors import InputError
from tests.live.conftest import Running, Serve
from tests.live.sockets.test_loop_wire import ORDER
from tests.live.sockets.wires import Client, run_client

KEY = Ed25519PrivateKey.generate()
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
FILE = "TWOKEY_PRIVATE_KEY_FILE"


def key_file(folder: Path, mode: int = 0o600) -> Path:
    """The private key in a file."""
    file = folder / "key.pem"
    file.write_bytes(PEM)
    file.chmod(mode)
    return file


def given(folder: Path, mode: int = 0o600) -> dict[str, str]:
    """The environment of a daemon whose key is in a file."""
    return {"TWOKEY_API_KEY": "mine", FILE: str(key_file(folder, mode))}


def refused(environment: dict[str, str]) -> str:
    """Why a key is refused; nothing of it may be in any line that a person or a log could see."""
    with pytest.raises(InputError) as found:
        signer_of(TradingVenue.DEMO, environment)
    shown = "".join(traceback.format_exception(found.value))
    assert PEM.splitlines()[1].decode() not in shown
    return str(found.value)


def test_a_key_of_a_file_places_an_order(serve: Serve, tmp_path: Path) -> None:
    async def scenario(client: Client, running: Running) -> None:
        running.play(30)
        client.calls = CallWriter(signer_of(TradingVenue.SIMULATOR, given(tmp_path)))
        answer = await client.send(client.signed("POST", "/fapi/v1/order", **ORDER))
        assert answer is not None
        assert answer.status == 200, answer.body

    run_client(serve, scenario, credentials=(Credential("paper", "mine", ed25519_public_key=PUBLIC),))


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_that_only_its_owner_reads_is_taken(tmp_path: Path, mode: int) -> None:
    signer = signer_of(TradingVenue.DEMO, given(tmp_path, mode))
    assert isinstance(signer, Ed25519Signer)
    assert PEM.splitlines()[1].decode() not in repr(signer)


@pytest.mark.skipif(os.name != "posix", reason="modes of files are of POSIX systems")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o700, 0o644])
def test_a_file_that_others_may_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    text = refused(given(tmp_path, mode))
    assert f"mode {mode:04o}" in text
    assert f'chmod 600 "${FILE}"' in text


@pytest.mark.skipif(os.name != "posix", reason="pipes with a name are of POSIX systems")
def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    assert "is no PEM file" in refused({"TWOKEY_API_KEY": "mine", FILE: str(tmp_path / "pipe")})


@pytest.mark.parametrize("named", ["missing.pem", "~nobody-here/key.pem", PEM.decode(), "a\0b"])
def test_what_names_no_file_is_refused_without_being_repeated(named: str) -> None:
    text = refused({"TWOKEY_API_KEY": "mine", FILE: named})
    assert "cannot be read" in text
    assert named not in text


def test_a_file_with_something_else_is_refused(tmp_path: Path) -> None:
    environment = given(tmp_path)
    Path(environment[FILE]).write_text("a-long-secret")
    assert "no unencrypted Ed25519 private key in PEM" in refused(environment)


def test_a_secret_and_a_file_are_not_both_taken(tmp_path: Path) -> None:
    assert "are both set" in refused({**given(tmp_path), "TWOKEY_API_SECRET": "a-long-secret"})


def test_a_part_of_a_key_is_not_enough(tmp_path: Path) -> None:
    assert "No TWOKEY_API_KEY in the environment" in refused({FILE: str(key_file(tmp_path))})
    with pytest.raises(InputError, match=r"No TWOKEY_API_SECRET \(or TWOKEY_PRIVATE_KEY_FILE\) in the environment"):
        signer_of(TradingVenue.SIMULATOR, {"TWOKEY_API_KEY": "half"})
    with pytest.raises(InputError, match=r"No TWOKEY_WATCHDOG_API_KEY and TWOKEY_WATCHDOG_API_SECRET \(or TWOKEY_W"):
        signer_of(TradingVenue.DEMO, {"TWOKEY_API_KEY": "of the daemon"}, KeyHolder.WATCHDOG)


def test_only_the_simulator_has_a_key_by_default() -> None:
    assert signer_of(TradingVenue.SIMULATOR, {}).api_key == DEFAULT_KEY
    assert "No TWOKEY_API_KEY and TWOKEY_API_SECRET" in refused({})
