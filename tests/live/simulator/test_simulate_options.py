"""Options of the command: speed, session, Ed25519 key and the clock of countdowns."""

import base64
import os
import signal
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from live.simulator.session_names import SessionName
from live.simulator.settings import CountdownClock
from live.simulator.store import Store
from live.simulator.tape_source import TapeSource
from live.simulator.venue import LocalVenue
from live.wire import HttpRequest
from scripts.simulator_options import credential_of, speed_of
from skills_lib.domain.errors import InputError
from skills_lib.market.depth.tape.lines import read_lines
from skills_lib.settings import Settings
from tests.command import Command
from tests.live.conftest import Running, Serve
from tests.live.simulator.http_requests import HttpClient, event, run_scenario
from tests.live.simulator.test_command import started
from tests.live.simulator.venue_client import BY_HAND, ORDER, S, VenueClient, open_client


@pytest.mark.parametrize(
    ("text", "speed"), [("0.5", 0.5), ("3", 3), ("250", 250), (".1", 0.1), ("1e3", 1000), ("max", 0)]
)
def test_speed_is_any_positive_number_or_max(text: str, speed: float) -> None:
    assert speed_of(text) == speed


@pytest.mark.parametrize(
    "text", ["0", "-1", "0.0", "nan", "inf", "1e999", "1e-999", "", " 1", "fast", "1_0", "١", "0x10", "MAX", "1,5"]
)
def test_any_other_speed_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="Give a number above 0"):
        speed_of(text)


LEAVING = """
../../../x .. . /tmp/x a/b a\\b C:x a..b .hidden x. é １ con NUL com1.txt Lpt9 ~ $HOME %2e%2e -x
"""


@pytest.mark.parametrize("name", [*LEAVING.split(), "", "x ", "x\n", "x\0", "a" * 65])
def test_a_name_that_could_leave_the_folder_is_no_session(name: str) -> None:
    with pytest.raises(InputError, match="cannot name a session"):
        SessionName(name)


@pytest.mark.parametrize("name", ["paper", "a", "run-1", "2026.11", "A_b", "console", "x" * 64])
def test_a_session_names_one_file_of_the_workspace(name: str, tmp_path: Path) -> None:
    file = SessionName(name).file(tmp_path)
    assert file.resolve().parent == (tmp_path / "data" / "simulator").resolve()


def test_a_second_simulator_is_refused_until_the_first_is_gone(
    twokey: Command, generated_tape: Path, workspace: Settings
) -> None:
    arguments = ("--tape", str(generated_tape), "--port", "0", "--session", "shared")
    with started(*arguments) as (first, greeting):
        assert "listening" in greeting
        done = twokey("simulate", *arguments)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert "Another simulator uses the session shared" in done.err
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        Store(SessionName("shared").file(workspace.home)).close()


def private_key(path: Path) -> Ed25519PrivateKey:
    """A new key; its public part is written to `path`."""
    key = Ed25519PrivateKey.generate()
    path.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return key


@dataclass
class Signer:
    """Signs with an Ed25519 key for the API key `mine`."""

    key: Ed25519PrivateKey

    def signature(self, text: str) -> str:
        return base64.b64encode(self.key.sign(text.encode())).decode()

    def request(self, method: str, path: str, query: str) -> HttpRequest:
        """A signed request."""
        signed = f"{path}?{query}&signature={quote(self.signature(query), safe='')}"
        return HttpRequest(method, signed, {"X-MBX-APIKEY": "mine"})

    def logon(self, timestamp: int) -> dict[str, Any]:
        """The parameters of session.logon."""
        params = {"apiKey": "mine", "timestamp": timestamp}
        return params | {"signature": self.signature(f"apiKey=mine&timestamp={timestamp}")}


def test_an_ed25519_key_signs_requests_and_logs_on(serve: Serve, tmp_path: Path, generated_tape: Path) -> None:
    signer = Signer(private_key(tmp_path / "public.pem"))
    credential = credential_of("mine", "unused", tmp_path / "public.pem")

    async def scenario(client: HttpClient, running: Running) -> None:
        server_time = (await client.request("GET", "/fapi/v1/time")).body["serverTime"]
        request = signer.request("GET", "/fapi/v3/balance", f"timestamp={server_time}")
        client.key = "mine"
        path, _, query = request.target.partition("?")
        assert (await client._send("GET", path, query, b"")).body[0]["asset"] == "USDT"
        socket = await client.socket("/ws-fapi/v1")
        await socket.send_json({"id": 1, "method": "session.logon", "params": signer.logon(server_time)})
        assert (await event(socket))["result"]["apiKey"] == "mine"
        forged = signer.logon(server_time) | {"timestamp": server_time + 1}
        await socket.send_json({"id": 2, "method": "session.logon", "params": forged})
        assert (await event(socket))["error"]["code"] == -1022

    run_scenario(serve, scenario, credentials=(credential,))
    client = open_client(generated_tape, credentials=(credential,))
    request = signer.request("GET", "/fapi/v3/balance", f"timestamp={client.venue.now_ms}")
    assert client.body(client.venue.request(request))[0]["asset"] == "USDT"
    other = Signer(Ed25519PrivateKey.generate()).request("GET", "/fapi/v3/balance", f"timestamp={client.venue.now_ms}")
    assert client.body(client.venue.request(other))["code"] == -1022


def test_a_file_that_is_no_ed25519_public_key_is_refused_unseen(twokey: Command, tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    rsa = generate_private_key(65_537, 2_048).public_key()
    files = {
        "holds a private key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "another kind": rsa.public_bytes(Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
        "is not a public key in PEM": b"-----BEGIN PUBLIC KEY-----\nc2VjcmV0\n-----END PUBLIC KEY-----\n",
        "is not text": b"\xff\xfe\x00secret",
    }
    for message, content in files.items():
        path = tmp_path / "key.pem"
        path.write_bytes(content)
        done = twokey("simulate", "--tape", "sample", "--api-public-key", str(path))
        assert (done.code, message in done.err) == (2, True), done.err
        for line in content.splitlines()[1:-1]:
            assert line.decode(errors="replace") not in done.err
    missing = twokey("simulate", "--tape", "sample", "--api-public-key", str(tmp_path / "none.pem"))
    assert (missing.code, "No such file" in missing.err) == (2, True)


@dataclass
class HeldClock:
    """A clock that a test moves."""

    ns: int = 1_800_000_000 * S

    def now_ns(self) -> int:
        return self.ns


def open_orders(client: VenueClient) -> int:
    """How many orders rest."""
    return len([order for order in client.venue.state.orders.values() if order.status.open])


def set_countdown(client: VenueClient, milliseconds: int, symbol: str = "BTCUSDT") -> Any:
    return client.call("POST", "/fapi/v1/countdownCancelAll", symbol=symbol, countdownTime=milliseconds)


def test_a_countdown_in_the_clients_time_ignores_the_speed_of_the_tape(generated_tape: Path) -> None:
    clock = HeldClock()
    settings = replace(BY_HAND, countdown_clock=CountdownClock.CLIENT)
    client = VenueClient(LocalVenue(settings, TapeSource().read(read_lines(generated_tape)), clock.now_ns))
    client.call("GET", "/fapi/v1/time")
    client.call("POST", "/fapi/v1/order", **ORDER, price="59000.0")
    assert set_countdown(client, 1_000) == {"symbol": "BTCUSDT", "countdownTime": "1000"}
    client.run(3600 * S)  # an hour of the tape within a second of the client
    clock.ns += S - 1
    client.venue.run_clocked(clock.ns)
    assert open_orders(client) == 1
    client.call("GET", "/fapi/v1/time")  # signs in the time of the tape, which is an hour on
    set_countdown(client, 1_000)  # the heartbeat
    clock.ns += S - 1
    client.venue.run_clocked(clock.ns)
    assert open_orders(client) == 1
    clock.ns += 1
    client.venue.run_clocked(clock.ns)
    assert open_orders(client) == 0


@pytest.mark.parametrize("whose", CountdownClock)
def test_a_countdown_in_virtual_time_fires_at_its_moment(generated_tape: Path, whose: CountdownClock) -> None:
    client = open_client(generated_tape, countdown_clock=whose)
    client.call("POST", "/fapi/v1/order", **ORDER, price="59000.0")
    set_countdown(client, 60_000)
    begun_ns = client.venue.now_ns
    client.run(59 * S)
    assert open_orders(client) == 1
    set_countdown(client, 0)
    client.run(120 * S)
    assert open_orders(client) == 1
    set_countdown(client, 60_000)
    client.run(61 * S)
    assert open_orders(client) == 0
    [order] = client.venue.state.orders.values()
    assert order.updated_ms * 1_000_000 > begun_ns + 200 * S


def test_a_countdown_names_a_symbol_that_exists_whatever_its_clock(generated_tape: Path) -> None:
    for whose in CountdownClock:
        client = open_client(generated_tape, countdown_clock=whose)
        assert set_countdown(client, 60_000, symbol="NONEUSDT")["code"] == -1121
