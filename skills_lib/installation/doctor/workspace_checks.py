"""Looks at the workspace, its settings files, its data and the trial ledger."""

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from skills_lib.domain.errors import InputError, did_you_mean
from skills_lib.installation.doctor.model import Finding, SettingInForce, broken, note, ok
from skills_lib.installation.settings_page import shown_value
from skills_lib.settings import Settings, read_values, setting_names
from skills_lib.workspace.location import HOME_VARIABLE, MARKER, Location
from skills_lib.workspace.values import ENVIRONMENT, FOREIGN, PREFIX

_SECRETS = ((re.compile(r"//[^/@\s]*@"), "//...@"), (re.compile(r"[?#].*"), "?..."))
"""Parts of an address that may be secret: user and password, and what follows a question mark."""


def check_workspace(location: Location) -> Iterator[Finding]:
    """The folder, and how it was found."""
    for folder in location.refused:
        yield note(
            "workspace",
            f"{folder}/{MARKER} is not used: it belongs to another user",
            f"Set {HOME_VARIABLE}={folder} if you trust it.",
        )
    if location.folder is None:
        yield broken(
            "workspace", f"none: no {MARKER} at or above the working folder", "Run `twokey init` in a folder of yours."
        )
        return
    found = f"{location.folder}, found by {location.found_by}"
    if not location.folder.exists():
        yield note("workspace", f"{found}; it does not exist yet and is made when something is stored")
    elif not location.folder.is_dir():
        yield broken("workspace", f"{found}; it is not a folder", f"Set {HOME_VARIABLE} to a folder.")
    elif not os.access(location.folder, os.W_OK):
        yield broken("workspace", f"{found}; it cannot be written", f"chmod u+w {location.folder}")
    else:
        yield ok("workspace", found)


def check_files(home: Path) -> Iterator[Finding]:
    """`.env` and `twokey.toml`, which files of those names are read, and variables that are no settings."""
    for file in (home / ".env", home / MARKER):
        yield ok(file.name, f"{file}, read" if file.is_file() else f"{file}, not there")
    known = [f"{PREFIX}{name.upper()}" for name in setting_names()]
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in {*known, *FOREIGN, HOME_VARIABLE}:
            yield note(
                "environment", f"{name} is no setting.{did_you_mean(name, known)}", "docs/settings.md lists all."
            )


def settings_in_force(settings: Settings) -> list[SettingInForce]:
    """Every setting with the place that it was read from; credentials in addresses are left out."""
    given = read_values(settings.home)
    found = []
    for name in setting_names():
        value = getattr(settings, name)
        shown = "" if value is None else _without_secrets(shown_value(value))
        source = _source(given[name].place, given[name].name) if name in given else "default"
        found.append(SettingInForce(name=name, value=shown, source=source))
    return found


def check_ledger(settings: Settings) -> Iterator[Finding]:
    """Both files of the trial ledger: who may write them, and what they report."""
    from skills_lib.ledger.ledger import Ledger

    ledger = Ledger.of(settings)
    for file in (ledger.files.user, ledger.files.workspace):
        yield _check_ledger_file(file)
    for text in ledger.notices():
        yield note("ledger", text, "docs/ledger.md says what it means.")


def check_data(settings: Settings) -> Iterator[Finding]:
    """What is stored: candles, tapes and runs."""
    files = list(settings.candles_dir.rglob("*.parquet"))
    size = sum(file.stat().st_size for file in files) / 1e6
    advice = "Run `twokey data fetch BTC 1h` or `twokey data import FILE`."
    if files:
        yield ok("candles", f"{len(files)} files, {size:,.1f} MB in {settings.candles_dir}")
    else:
        yield note("candles", f"none stored in {settings.candles_dir}; the synthetic sample is there", advice)
    tapes = len(list(settings.tapes_dir.rglob("manifest.json")))
    yield ok("tapes", f"{tapes} stored in {settings.tapes_dir}")
    runs = len(list(settings.results_dir.glob("*/result.json")))
    yield ok("runs", f"{runs} stored in {settings.results_dir}")


def _check_ledger_file(file: Path) -> Finding:
    if not file.exists():
        nearest = next(folder for folder in file.parents if folder.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK):
            return broken("ledger", f"{file} cannot be made", _remedy(nearest))
        return ok("ledger", f"{file}, not there yet: it begins with the first trial")
    for path in (file, file.parent):
        if not os.access(path, os.W_OK):
            return broken("ledger", f"{path} cannot be written, so nothing is evaluated", _remedy(path))
        if os.name != "nt" and path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            return note(
                "ledger", f"{path} can be written by other users, who could change the count", f"chmod go-w {path}"
            )
    return ok("ledger", f"{file}, {file.stat().st_size:,} bytes, mode {stat.S_IMODE(file.stat().st_mode):o}")


def _remedy(path: Path) -> str:
    return f"chmod u+w {path}, or set TWOKEY_LEDGER_DIR to another folder."


def _without_secrets(value: str) -> str:
    if "//" not in value:
        return value
    for secret, shown in _SECRETS:
        value = secret.sub(shown, value)
    return value


def _source(place: str, name: str) -> str:
    return name if place == ENVIRONMENT else place


def settings_or_problem(home: Path) -> "Settings | Finding":
    """The settings of a workspace, or why they cannot be read."""
    try:
        return Settings(home=home)
    except InputError as error:
        return broken("settings", str(error), "Correct it there; until then no command that needs settings runs.")
