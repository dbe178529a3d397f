"""The table of settings, the `twokey.toml` of a new workspace, and the defaults in signatures agree with the model."""

import os
import tomllib
from typing import Any, get_args

import pytest
from typer.main import get_command

from scripts.cli import make_app
from scripts.options import FROM_SETTINGS
from skills_lib.domain.costs import PRESETS
from skills_lib.installation.settings_page import settings_file, settings_table
from skills_lib.market.candles.model import Source
from skills_lib.settings import OPTIONS, Settings, setting_names
from skills_lib.workspace.values import PRIVATE
from tests.repository import ROOT

PAGE = ROOT / "docs" / "settings.md"
BEGIN = "test_settings_page.py`: begin -->\n"
END = "<!-- end -->"
OTHER_MEANING = {
    ("calibrate", "seed"): "1, which the published calibration was made with",
    ("calibrate", "data_dir"): "files of four fixed assets",
    ("data fetch", "source"): "only sources that can be downloaded",
    ("data fetch", "exchange"): "read by the library where it is not given",
    ("data import", "exchange"): "read by the library where it is not given",
    ("data check", "exchange"): "read by the library where it is not given",
    ("explain", "seed"): "of latencies of the replay",
    ("live faults", "seed"): "of the first schedule",
    ("replay", "seed"): "of latencies and of the samples behind its intervals",
    ("simulate", "seed"): "of latencies and listen keys",
    ("store ingest", "source"): "only sources that the trade log can be filled from",
    ("store ingest", "exchange"): "read by the library where it is not given",
    ("tape draw", "seed"): "of the synthetic tape, a part of its name",
    ("trades export", "method"): "which purchase a sale closes",
    ("torture", "seed"): "of latencies and of faults by probability",
    ("trades sync", "exchange"): "whose account it is",
    ("test-strategy", "engine"): "auto, by the number of bars",
}
"""Options that have the name of a setting and another meaning or default."""


def verbs(command: Any, words: tuple[str, ...] = ()) -> dict[str, Any]:
    found = {}
    for name, child in getattr(command, "commands", {}).items():
        found |= verbs(child, (*words, name)) if hasattr(child, "commands") else {" ".join((*words, name)): child}
    return found


VERBS = verbs(get_command(make_app()))


def test_the_page_has_the_table_that_the_model_gives() -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest[rest.index(END) :]
    expected = f"{before}{BEGIN}{settings_table()}\n{after}"
    if os.environ.get("TWOKEY_WRITE_PAGES"):
        PAGE.write_text(expected, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == expected


def test_the_file_of_a_new_workspace_changes_nothing(workspace: Settings) -> None:
    (workspace.home / "twokey.toml").write_text(settings_file(), encoding="utf-8")
    assert tomllib.loads(settings_file()) == {}
    assert Settings() == workspace


def test_every_line_of_the_file_of_a_new_workspace_is_a_value_that_its_setting_takes(workspace: Settings) -> None:
    lines = [line[1:] for line in settings_file().splitlines() if line.startswith("#") and not line.startswith("# ")]
    assert [line.split(" = ")[0] for line in lines] == [name for name in setting_names() if name not in PRIVATE]
    (workspace.home / "twokey.toml").write_text("\n".join(lines), encoding="utf-8")
    plain, changed = workspace.model_dump(), Settings().model_dump()
    assert {name for name, value in changed.items() if plain[name] not in (None, value)} == set()
    assert {name for name, value in plain.items() if value is None and changed[name] is None} == PRIVATE - {
        "ledger_dir"
    }


@pytest.mark.parametrize("verb", FROM_SETTINGS)
def test_the_defaults_in_the_signature_of_a_verb_are_those_of_the_settings(verb: str) -> None:
    options = {option.name: option for option in VERBS[verb].params}
    for name in FROM_SETTINGS[verb]:
        default = Settings.model_fields[name].get_default()
        if default is not None and name != "exchange":
            assert options[name].default == default, name


def test_every_option_that_has_the_name_of_a_setting_takes_its_default_from_it() -> None:
    named = {(verb, option.name) for verb, command in VERBS.items() for option in command.params}
    taken = {(verb, name) for verb, names in FROM_SETTINGS.items() for name in names}
    assert taken <= named
    assert {pair for pair in named - taken if pair[1] in OPTIONS} == set(OTHER_MEANING)
    assert {name for _, name in taken} == set(OPTIONS)


@pytest.mark.parametrize(
    ("name", "allowed"), [("costs", list(PRESETS)), ("source", [source.value for source in Source])]
)
def test_allowed_values_are_those_of_the_library(name: str, allowed: list[str]) -> None:
    assert list(get_args(Settings.model_fields[name].annotation)) == allowed


def test_every_setting_is_read_by_something() -> None:
    folders = ("skills_lib", "scripts", "mcp_servers", "live")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py") if file.name != "settings.py"]
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    assert [name for name in setting_names() if name not in OPTIONS and f".{name}" not in text] == []
