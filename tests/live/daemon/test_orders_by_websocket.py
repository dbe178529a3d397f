"""A run whose orders go by the WebSocket API: as by REST, and a closing does not depend on that connection."""

import signal
from pathlib import Path
from typing import Any

import pytest

from live.client.order_connection import OrdersBy
from live.client.wire import S
from live.simulator.http.credentials import Credential
from tests.command import Command
from tests.live.daemon.hosts import Hosted
from tests.live.daemon.processes import SETTINGS, Site, run_at, until
from tests.live.sockets.test_keys import PUBLIC, key_file

HELD: dict[str, Any] = {"when": {"condition": "position_open"}, "end": {"never": True}}
NO_REST = {"kind": "answer", "reply": "unknown_503", "method": "POST", "path": "/fapi/v1/*rder", "landed": False}


def by_websocket(folder: Path, *faults: dict[str, Any]) -> Hosted:
    """A run that has begun to trade."""
    return Hosted(folder / "1aaaaaa.journal", faults, orders_by=OrdersBy.WEBSOCKET)


def test_all_orders_of_a_run_go_by_websocket(tmp_path: Path) -> None:
    hosted = by_websocket(tmp_path, NO_REST | {"end": {"never": True}})
    hosted.play_until_held()
    hosted.run.stop("test")
    hosted.play_until_over(60 * S)
    assert (hosted.end.answer.flat, hosted.end.answer.verified_reads) == (True, 2)
    assert hosted.host.sent == []
    assert not hosted.holds
    assert not hosted.rests


@pytest.mark.parametrize(
    "faults",
    [
        [{"kind": "refuse_connect", "what": "sockets"}, {"kind": "server_close", "stream": "*"}],
        [{"kind": "lose_request", "method": "WS", "path": "order.place"}],
        [{"kind": "lose_response", "method": "WS", "path": "*"}],
        [{"kind": "answer", "reply": "unknown_503", "method": "WS", "path": "*", "landed": True}],
        [{"kind": "freeze", "stream": "*"}],
    ],
    ids=["refused", "request_lost", "response_lost", "unknown", "silent"],
)
def test_a_kill_closes_the_account_while_that_connection_is_of_no_use(
    faults: list[dict[str, Any]], tmp_path: Path
) -> None:
    hosted = by_websocket(tmp_path, *(fault | HELD for fault in faults))
    hosted.run.start()
    while not hosted.holds:
        hosted.advance(S // 20)
    hosted.run.kill("test")
    hosted.play_until_over(600 * S)
    assert hosted.end.answer.flat
    assert not hosted.holds
    assert not hosted.rests


def test_a_daemon_logs_on_with_the_key_of_a_file_and_trades(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("TWOKEY_API_KEY", "mine")
    monkeypatch.setenv("TWOKEY_PRIVATE_KEY_FILE", str(key_file(tmp_path)))

    async def scenario(site: Site) -> None:
        words = [part for text in SETTINGS for part in ("--param", text)]
        daemon = await site.start("--orders-by", "websocket", *words)
        await until(lambda: is_logged_on(site))
        await site.held()
        daemon.send(signal.SIGTERM)
        code, text = await daemon.end()
        assert (code, "Nothing of this run is left, by two reads." in text) == (0, True), text
        assert site.is_flat

    run_at(tmp_path, scenario, credentials=(Credential("paper", "mine", ed25519_public_key=PUBLIC),))


async def is_logged_on(site: Site) -> bool:
    """Whether a client has signed once for all requests of its connection; a loaded machine breaks and renews it."""
    sessions = [one.session for one in site.venue.connections.open.values() if one.session]
    return any(session.logged_on for session in sessions)


def test_another_way_is_refused_with_those_that_there_are(twokey: Command) -> None:
    done = twokey("live", "run", "--orders-by", "websockets")
    assert done.code == 2
    assert "Give one of rest, websocket. Did you mean 'websocket'?" in done.err
