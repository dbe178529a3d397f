"""Servers over streamable HTTP: the official client, and attacks from a browser, a stranger and a slow client."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from mcp_servers.serving.bearer_token import VARIABLE, find_token
from mcp_servers.serving.command_line import serve
from mcp_servers.serving.streamable_http import MAX_BODY_BYTES
from mcp_servers.strategy.server import server as strategy
from skills_lib.domain.errors import InputError
from tests.mcp_servers.http_server import HELLO, Served, served, served_impatiently
from tests.mcp_servers.mcp_client import ERAS, ROOT

TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for the module; a test that fails to be refused would change nothing in it."""
    with served("strategy", tmp_path_factory.mktemp("home")) as found:
        yield found


def call_over_http(server: Served, mode: str, tool: str, **arguments: str) -> tuple[list[str], dict]:
    """The names of all tools, and the answer of one, by the official client."""

    async def talk() -> tuple[list[str], dict]:
        async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {server.token}"}, timeout=60) as http:
            transport = streamable_http_client(server.url, http_client=http)
            async with Client(transport, mode=mode) as client:
                names = [tool.name for tool in (await client.list_tools()).tools]
                result = await client.call_tool(tool, arguments)
                assert not result.is_error, result.content
                return names, result.structured_content

    return anyio.run(talk)


@pytest.mark.parametrize("mode", ERAS)
def test_the_official_client_lists_and_calls_tools_in_both_eras(server: Served, mode: str) -> None:
    names, answer = call_over_http(server, mode, "strategy_read", strategy="sma_crossover")
    assert names == ["strategy_read", "strategy_create"]
    assert "class SmaCrossover" in answer["source"]


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", f"Bearer {TOKEN}", f"Basic {TOKEN}", "Bearer \xff\xfe", "Bearer " + "x" * 8_000],
)
def test_a_request_without_the_token_is_refused_and_told_what_to_send(
    server: Served, authorization: str | None
) -> None:
    headers = server.headers()
    del headers["Authorization"]
    code, text = server.post(headers if authorization is None else headers | {"Authorization": authorization})
    assert code == 401
    assert "Authorization: Bearer TOKEN" in text
    assert server.token not in text


def test_the_token_elsewhere_than_in_its_header_is_no_token(server: Served) -> None:
    headers = server.headers()
    del headers["Authorization"]
    assert server.post(headers, path=f"/mcp?token={server.token}&access_token={server.token}")[0] == 401
    assert server.post(headers | {"Cookie": f"token={server.token}"})[0] == 401


def test_two_tokens_in_one_request_are_refused(server: Served) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.putrequest("POST", "/mcp")
    for value in (f"Bearer {server.token}", f"Bearer {TOKEN}"):
        connection.putheader("Authorization", value)
    connection.putheader("Content-Length", "0")
    connection.endheaders()
    assert connection.getresponse().status == 401
    connection.close()


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "localhost", "127.0.0.1:{port}.evil.example", ""]
)
def test_a_name_that_was_rebound_to_loopback_is_refused_even_with_the_token(server: Served, host: str) -> None:
    code, _ = server.post(server.headers(Host=host.format(port=server.port)))
    assert code in (400, 421)


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:{port}", "http://localhost:{port}.evil"],
)
def test_a_page_of_another_origin_is_refused_even_with_the_token(server: Served, origin: str) -> None:
    code, text = server.post(server.headers(Origin=origin.format(port=server.port)))
    assert (code, text) == (403, "Invalid Origin header")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_its_own_name_and_origin_are_accepted(server: Served, name: str) -> None:
    host = f"{name}:{server.port}"
    code, text = server.post(server.headers(Host=host, Origin=f"http://{host}"))
    assert code == 200, text
    assert '"serverInfo"' in text


def test_a_huge_body_is_refused_by_its_announced_size_and_by_its_real_one(server: Served) -> None:
    assert server.post(server.headers(), HELLO | {"filler": "x" * MAX_BODY_BYTES})[0] == 413
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    chunks = (b"x" * 65_536 for _ in range(MAX_BODY_BYTES // 65_536 + 1))
    connection.request("POST", "/mcp", chunks, server.headers(), encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize("body", ["[", '{"id": NaN}', "[" * 100_000, '"text"', "", '{"jsonrpc":"2.0","id":1}'])
@pytest.mark.parametrize("version", ["2025-06-18", "2026-07-28", "1999-01-01"])
def test_a_body_that_is_no_request_is_an_error_of_the_client(server: Served, body: str, version: str) -> None:
    connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
    connection.request("POST", "/mcp", body, server.headers() | {"MCP-Protocol-Version": version})
    answer = connection.getresponse()
    assert 400 <= answer.status < 500
    assert "Traceback" not in answer.read().decode()
    connection.close()


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that waits half a second for a request."""
    with served_impatiently(tmp_path_factory.mktemp("home")) as found:
        yield found


def test_slow_clients_are_cut_off_and_keep_nobody_waiting(impatient: Served) -> None:
    heads = [socket.create_connection(("127.0.0.1", impatient.port), timeout=60) for _ in range(20)]
    for number, head in enumerate(heads):
        head.sendall(b"POST /mcp HT" if number % 2 else b"")
    body = HTTPConnection("127.0.0.1", impatient.port, timeout=60)
    body.request("POST", "/mcp", b"{", impatient.headers() | {"Content-Length": "100"})
    assert impatient.post(impatient.headers())[0] == 200
    refused = body.getresponse()
    assert (refused.status, refused.read()) == (408, b"The body took longer than 0.5 s.")
    for head in heads:
        assert head.recv(1_000) == b""
        head.close()
    body.close()


def test_a_slow_second_request_on_the_same_connection_is_cut_off_too(impatient: Served) -> None:
    connection = HTTPConnection("127.0.0.1", impatient.port, timeout=60)
    connection.request("POST", "/mcp", json.dumps(HELLO), impatient.headers())
    assert connection.getresponse().read()
    connection.sock.sendall(b"POST /mc")
    assert connection.sock.recv(1_000) == b""
    connection.close()


def test_a_given_token_is_not_printed_and_sigterm_ends_the_server_although_a_client_listens(tmp_path: Path) -> None:
    with served("strategy", tmp_path, **{VARIABLE: TOKEN}) as server:
        assert TOKEN not in server.greeting
        assert "shown once" not in server.greeting
        connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("POST", "/mcp", json.dumps(HELLO), server.headers())
        opened = connection.getresponse()
        session = {"Mcp-Session-Id": opened.headers["mcp-session-id"], "Accept": "text/event-stream"}
        opened.read()
        connection.request("GET", "/mcp", headers=server.headers() | session)
        assert connection.getresponse().status == 200
        assert server.stop() == 0
        connection.close()


def test_a_token_of_the_environment_is_not_inherited_by_processes_started_later(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("f" * 40 + "\n", encoding="utf-8")
    file.chmod(0o600)
    monkeypatch.setenv(VARIABLE, TOKEN)
    assert find_token(file, may_be_made=True) == "f" * 40
    with pytest.raises(InputError, match="needs a token of yours"):
        find_token(None, may_be_made=False)


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [
        (TOKEN, 0o644, "chmod 600"),
        (TOKEN, 0o620, "chmod 600"),
        ("short", 0o600, "at least 24"),
        ("a b" * 20, 0o600, "at least 24"),
        ("", 0o600, "at least 24"),
    ],
)
def test_a_token_file_that_others_may_read_or_that_holds_no_token_is_refused(
    tmp_path: Path, content: str, mode: int, message: str
) -> None:
    file = tmp_path / "token"
    file.write_text(content, encoding="utf-8")
    file.chmod(mode)
    with pytest.raises(InputError, match=message) as refusal:
        find_token(file, may_be_made=True)
    assert content == "" or content not in str(refusal.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--http", "--host", "0.0.0.0"], "can be reached by others"),
        (["--http", "--host", "::"], "can be reached by others"),
        (["--http", "--host", "example.org"], "can be reached by others"),
        (["--http", "--host", "0.0.0.0", "--allow-remote"], "--allow-host NAME"),
        (["--http", "--host", "0.0.0.0", "--allow-remote", "--allow-host", "me"], "needs a token of yours"),
        (["--http", "--token", TOKEN], "the token is never one of them"),
        (["--http", f"--token={TOKEN}"], "the token is never one of them"),
        (["--http", "--token-file", "nothing"], "Cannot read the token file nothing"),
        (["--http", "--token-file", "."], "token file"),
        (["--http", "--port", "70000"], "--port 70000 is no port"),
        (["--http", "--port", "TAKEN"], "Choose another --port"),
        (["--http", "--allow-origin", "*"], "is no origin"),
        (["--port", "8000"], "need --http"),
    ],
)
def test_a_start_that_is_not_safe_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        monkeypatch.setattr(sys, "argv", ["strategy", *(port if word == "TAKEN" else word for word in options)])
        with pytest.raises(SystemExit) as ended:
            serve(strategy)
    assert ended.value.code in (1, 2)
    *greeting, line = capsys.readouterr().err.strip().splitlines()
    assert message in line
    assert all(text.startswith("Token of this start") for text in greeting)
    assert TOKEN not in line


def test_many_connections_at_once_are_answered_or_refused_and_the_server_stays(server: Served) -> None:
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(server.post(server.headers())[0])) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(codes) == 40
    assert set(codes) <= {200, 503}
    assert 200 in codes


@pytest.mark.parametrize("era", ["legacy", "modern"])
def test_the_inspector_finds_nothing_in_strict_mode(server: Served, era: str) -> None:
    inspector = ROOT / "node_modules" / ".bin" / "mcp-inspector"
    if not inspector.exists():
        pytest.skip("mcp-inspector is not installed: `make tools` installs it")
    words = ["--cli", server.url, "--transport", "http", "--header", f"Authorization: Bearer {server.token}"]
    words += ["--method", "tools/list", "--strict", "--protocol-era", era]
    done = subprocess.run([inspector, *words], capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "strategy_create" in done.stdout
