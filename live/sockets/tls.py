"""Encrypted connections: whose certificate is taken, and one line that says why another one is not.

Certificates are checked against those that the system trusts, or those of `SSL_CERT_FILE`; there is no way around it.
"""

import asyncio
import ssl
from contextlib import suppress
from typing import Final

from live.sockets.endpoints import VenueAddress
from skills_lib.domain.errors import TwokeyError

WITHIN_S: Final = 5.0


async def require_certificates(address: VenueAddress) -> None:
    """Check the certificate of each host of a venue; one that does not answer is not judged.

    Raises:
        TwokeyError: a certificate is refused; nothing was sent to its host.
    """
    if problem := await refused_certificate(address):
        raise TwokeyError(problem)


async def refused_certificate(address: VenueAddress) -> str:
    """Why the certificate of a host of a venue is refused, in one line; empty if none is."""
    for name, port in address.names:
        try:
            await _connect(name, port)
        except ssl.SSLCertVerificationError as error:
            return (
                f"The certificate of {name}:{port} is refused: {error.verify_message.rstrip('.')}. Nothing was sent. "
                "See that the address, this machine's clock and the certificates that it trusts are right."
            )
        except OSError:
            continue
    return ""


async def _connect(name: str, port: int) -> None:
    """Make a connection, and close it.

    Raises:
        OSError: it cannot be made, or not in time.
    """
    async with asyncio.timeout(WITHIN_S):
        _, writer = await asyncio.open_connection(name, port, ssl=ssl.create_default_context())
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
