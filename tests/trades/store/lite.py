"""Supabase's REST interface on a PostgreSQL server: @supabase/lite, not in its admin mode."""

import base64
import hashlib
import hmac
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx

from tests.repository import ROOT
from tests.trades.store.servers import free_port

PROGRAM = ROOT / "node_modules" / ".bin" / "lite"
_CONFIG = """project_id = "test"
[api]
port = {port}
max_rows = {max_rows}
[db]
driver = "postgres"
url = "{database}"
[auth]
jwt_secret = "{secret}"
publishable_key = "{public}"
secret_key = "{private}"
"""


@dataclass(frozen=True)
class Lite:
    """A project that is served. public, private: its keys; secret: with which it signs tokens of users."""

    url: str
    public: str
    private: str
    secret: str

    def token(self, user: str, secret: str | None = None) -> str:
        """The token of a user who is signed in, valid until 2100."""
        return signed(
            {"sub": user, "role": "authenticated", "aud": "authenticated", "exp": 4_102_444_800}, secret or self.secret
        )


def signed(claims: dict[str, object], secret: str) -> str:
    """A JSON web token by HS256."""
    parts = [_part(json.dumps(one).encode()) for one in ({"alg": "HS256", "typ": "JWT"}, claims)]
    signature = hmac.new(secret.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join((*parts, _part(signature)))


def _part(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@contextmanager
def serve(database: str, folder: Path, max_rows: int = 1_000) -> Iterator[Lite]:
    """Serve a database until the block ends."""
    port = free_port()
    lite = Lite(f"http://127.0.0.1:{port}", f"sb_publishable_{uuid4().hex}", f"sb_secret_{uuid4().hex}", uuid4().hex)
    config = folder / "supabase" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(
        _CONFIG.format(
            port=port,
            max_rows=max_rows,
            database=database,
            secret=lite.secret,
            public=lite.public,
            private=lite.private,
        ),
        encoding="utf-8",
    )
    with (folder / "log").open("wb") as log:
        environment = os.environ | {"LITE_TELEMETRY": "0", "DO_NOT_TRACK": "1"}
        process = subprocess.Popen(
            [str(PROGRAM), "start", "--no-admin"], cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        _wait(process, lite, folder / "log")
        yield lite
    finally:
        process.kill()
        process.wait(20)


def _wait(process: subprocess.Popen[bytes], lite: Lite, log: Path) -> None:
    """Ask until it answers or has ended."""
    for _ in range(2_000):
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            httpx.get(f"{lite.url}/rest/v1/", headers={"apikey": lite.private}, timeout=5)
            return
        except httpx.TransportError:
            with httpx.Client() as _:
                pass
    raise AssertionError(log.read_text(encoding="utf-8"))
