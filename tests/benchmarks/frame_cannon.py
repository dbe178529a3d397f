"""A WebSocket server with minimal overhead: it sends lines of standard input as fast as the socket accepts them.

Frames are built beforehand and sent as one block, so that the measured rate is the client's. Prints its port.
"""

import base64
import hashlib
import socket
import sys

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_MEDIUM, _LARGE = 126, 127


def framed(payload: bytes) -> bytes:
    """One unmasked text frame, RFC 6455 section 5.2."""
    size = len(payload)
    if size < _MEDIUM:
        head = bytes([0x81, size])
    elif size < 1 << 16:
        head = bytes([0x81, _MEDIUM]) + size.to_bytes(2, "big")
    else:
        head = bytes([0x81, _LARGE]) + size.to_bytes(8, "big")
    return head + payload


def shake_hands(client: socket.socket) -> None:
    """Answer the upgrade."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += client.recv(4096)
    fields = dict(line.split(b": ", 1) for line in request.split(b"\r\n")[1:] if b": " in line)
    key = next(value for name, value in fields.items() if name.lower() == b"sec-websocket-key")
    accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
    client.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def main() -> None:
    """Serve one client after the other."""
    block = b"".join(framed(line) for line in sys.stdin.buffer.read().splitlines()) + bytes([0x88, 2]) + b"\x03\xe8"
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            client, _ = server.accept()
            with client:
                shake_hands(client)
                client.sendall(block)
                client.recv(4096)


if __name__ == "__main__":
    main()
