"""The HTTP protocol of the server: what aiohttp itself refuses is answered in the venue's form too."""

import asyncio

from aiohttp import web

from live.simulator.core.rejections import SERVER_ERROR, Rejection, illegal
from live.simulator.http.last_resort import failed
from live.simulator.http.rest import rejection_response

MAX_BODY_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 20
TOO_LARGE = 413


class Protocol(web.RequestHandler):
    """A connection whose error responses are JSON with a code."""

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - aiohttp passes it
        status: int = SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The response to a request that is not HTTP, or at which the server failed; it ends the connection."""
        if status < SERVER_ERROR:
            refused = Rejection(-1000, "The request is not valid HTTP.", status)
        else:
            refused = failed(exc if isinstance(exc, Exception) else RuntimeError(message))
        response = answer_of(refused)
        response.force_close()
        return response


class HttpServer(web.Server):
    """aiohttp's server with `Protocol` as its protocol."""

    def __call__(self) -> web.RequestHandler:
        return Protocol(self, loop=asyncio.get_running_loop(), **self._kwargs)


def answer_of(refused: Rejection) -> web.Response:
    """A rejection as a response."""
    response = rejection_response(refused, {}).encoded()
    return web.Response(body=response.body, status=response.status, headers=response.headers)


def too_large() -> Rejection:
    """A body of more than `MAX_BODY_BYTES`."""
    refused = illegal("body")
    return Rejection(refused.code, refused.message, TOO_LARGE)
