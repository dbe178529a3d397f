"""Reports of stored validations as resources."""

import re
from pathlib import Path

from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp_types import Resource

from mcp_servers.reports import MARKDOWN, MAX_LISTED, bounded_report
from skills_lib.settings import Settings

_FOLDER = re.compile(r"(?P<strategy>\w+)-(?P<day>\d{4}-\d{2}-\d{2})-(?P<id>[0-9a-f]+)")


def list_reports() -> list[Resource]:
    """The reports of the newest validations."""
    return [
        Resource(
            uri=f"twokey://validations/{found['id']}/report",
            name=path.parent.name,
            title=f"Validation of {found['strategy']}, {found['day']}",
            mime_type=MARKDOWN,
        )
        for path in sorted(_reports(), key=lambda path: path.stat().st_mtime, reverse=True)[:MAX_LISTED]
        if (found := _FOLDER.fullmatch(path.parent.name))
    ]


def read_report(validation_id: str) -> str:
    """The report of one validation.

    Raises:
        ResourceNotFoundError: no such validation.
    """
    for path in _reports():
        found = _FOLDER.fullmatch(path.parent.name)
        if found and found["id"] == validation_id:
            return bounded_report(path)[0]
    raise ResourceNotFoundError(f"No validation '{validation_id[:40]}' is stored. validation_start makes one.")


def _reports() -> list[Path]:
    return list(Settings().validation_reports_dir.glob("*/report.md"))
