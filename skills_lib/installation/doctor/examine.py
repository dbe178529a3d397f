"""Looks at everything, in the order in which it is reported."""

from collections.abc import Iterator
from pathlib import Path

from skills_lib.domain.errors import InputError
from skills_lib.installation.doctor.model import Diagnosis, Finding, SettingInForce, broken
from skills_lib.installation.doctor.program_checks import (
    check_command,
    check_compiled_code,
    check_packages,
    check_python,
)
from skills_lib.installation.doctor.server_checks import check_servers
from skills_lib.installation.doctor.workspace_checks import (
    check_data,
    check_files,
    check_ledger,
    check_workspace,
    settings_in_force,
    settings_or_problem,
)
from skills_lib.progress import Progress
from skills_lib.settings import Settings
from skills_lib.workspace.location import locate


def examine(progress: Progress) -> Diagnosis:
    """Look at the workspace of this command, and at the program. Nothing is changed, and no network is used."""
    settings: list[SettingInForce] = []
    findings = list(_of_workspace(settings))
    findings += [*check_python(), *check_packages(), *check_compiled_code()]
    if home := _home():
        progress(0, 0, "Starting the MCP servers")
        findings += check_servers(home)
    return Diagnosis(findings=findings, settings=settings)


def _home() -> Path | None:
    try:
        return locate().folder
    except InputError:
        return None


def _of_workspace(settings: list[SettingInForce]) -> Iterator[Finding]:
    """The findings on the workspace; its settings are added to `settings`."""
    try:
        location = locate()
    except InputError as error:
        yield broken("workspace", str(error), "Correct it in the environment.")
        return
    yield from check_workspace(location)
    if (home := location.folder) is None:
        return
    yield from check_files(home)
    yield from check_command(home)
    found = settings_or_problem(home)
    if not isinstance(found, Settings):
        yield found
        return
    settings += settings_in_force(found)
    yield from check_ledger(found)
    yield from check_data(found)
