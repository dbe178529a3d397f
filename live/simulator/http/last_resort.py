"""The answer to a request at which the simulator itself failed: JSON of the venue's form, and a line in the log."""

import logging

from live.simulator.core.rejections import SERVER_ERROR, Rejection

log = logging.getLogger(__name__)


def failed(error: Exception) -> Rejection:
    """The rejection to answer with: `error` itself if it is one, else -1000. What failed is logged, never sent."""
    if isinstance(error, Rejection):
        return error
    log.error("The simulator failed at a request: %r", error, exc_info=error)
    return Rejection(-1000, "An unknown error occured while processing the request.", SERVER_ERROR)
