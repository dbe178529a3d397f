"""Reports of stored runs as resources."""

from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp_types import Resource

from mcp_servers.reports import MARKDOWN, MAX_LISTED, bounded_report
from mcp_servers.wording import for_caller
from skills_lib.backtest.results import RunStore
from skills_lib.domain.errors import InputError
from skills_lib.settings import Settings


def list_reports() -> list[Resource]:
    """The reports of the newest runs."""
    return [
        Resource(
            uri=f"twokey://runs/{run.run_id}/report",
            name=f"{run.strategy} {run.symbol} {run.timeframe} {run.run_id}",
            title=f"{run.strategy} on {run.symbol} {run.timeframe}: {run.verdict.label}, in-sample",
            mime_type=MARKDOWN,
        )
        for run in RunStore(Settings().results_dir).runs()[:MAX_LISTED]
    ]


def read_report(run_id: str) -> str:
    """The report of one run.

    Raises:
        ResourceNotFoundError: no such run.
    """
    try:
        run = RunStore(Settings().results_dir).get(run_id)
    except InputError as error:
        raise ResourceNotFoundError(for_caller(str(error))) from None
    return bounded_report(run.artifacts.report)[0]
