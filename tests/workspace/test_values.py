"""Values of settings: which place is strongest, and one line for what is wrong in a file, without its content."""

import os
from pathlib import Path

import pytest

from skills_lib.domain.errors import InputError
from skills_lib.settings import Settings, read_values

SECRET = "hunter2"


def write(home: Path, toml: str = "", variables: str = "") -> None:
    (home / "twokey.toml").write_text(toml, encoding="utf-8")
    (home / ".env").write_text(variables, encoding="utf-8")


def refusal(home: Path, toml: str = "", variables: str = "") -> str:
    """The one line with which the settings are refused."""
    write(home, toml, variables)
    with pytest.raises(InputError) as refused:
        Settings()
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_the_environment_is_stronger_than_env_and_env_than_toml(
    workspace: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings().cash == 100_000
    write(workspace.home, "cash = 1")
    assert Settings().cash == 1
    write(workspace.home, "cash = 1", "TWOKEY_CASH=2")
    assert Settings().cash == 2
    monkeypatch.setenv("TWOKEY_CASH", "3")
    assert Settings().cash == 3
    assert Settings(cash=4).cash == 4
    assert read_values(workspace.home)["cash"].where == "TWOKEY_CASH in the environment"


def test_a_changed_file_is_read_again(workspace: Settings) -> None:
    for cash in (5, 6, 5):
        write(workspace.home, f"cash = {cash}")
        assert Settings().cash == cash


@pytest.mark.parametrize(
    ("toml", "reason"),
    [
        ("csah = 1", "Unknown setting csah in {toml}. Did you mean 'cash'? docs/settings.md lists all."),
        ("CASH = 1", "Unknown setting CASH in {toml}. Did you mean 'cash'?"),
        ("[costs]\nname = 1", "costs in {toml} is not allowed: input should be"),
        ('cash = "25000"', "cash in {toml} is not allowed: input should be a valid number."),
        ("cash = true", "cash in {toml} is not allowed: input should be a valid number."),
        ("cash = -1", "cash in {toml} is not allowed: input should be greater than 0."),
        ("cash = nan", "cash in {toml} is not allowed: input should be"),
        ("cash = inf", "cash in {toml} is not allowed: input should be a finite number."),
        ("cache_fresh_hours = inf", "cache_fresh_hours in {toml} is not allowed: input should be a finite number."),
        ("http_backoff_s = nan", "http_backoff_s in {toml} is not allowed: input should be a finite number."),
        ("workers = 1.5", "workers in {toml} is not allowed: input should be a valid integer."),
        ("workers = 0", "workers in {toml} is not allowed: input should be greater than or equal to 1."),
        ('costs = "usdm-takr"', "costs in {toml} is not allowed: input should be 'default', 'binance-spot'"),
        ('costs = "usdm-takr"', "Did you mean 'usdm-taker'?"),
        ('train = "half a year"', "train in {toml} is not allowed: write a number and m, h, d or w, such as 180d."),
        ("train = 180", "train in {toml} is not allowed: input should be a valid string."),
        ("seed = 2024-01-01", "seed in {toml} is not allowed: input should be a valid integer."),
        ('data_dir = "$HOME/x"', "data_dir in {toml} names a variable"),
        ('data_dir = "a\\u0000b"', "data_dir in {toml} has a character that no path may have."),
        ("cash = lots", "{toml} is not TOML at line 1, column 8."),
        ("cash = ", "{toml} is not TOML at the end."),
        ("cash = 1\ncash = 2", "{toml} is not TOML at"),
        ('home = "/tmp"', "home in {toml} is not allowed: the file belongs to the workspace it lies in."),
        ('ledger_dir = "x"', "ledger_dir in {toml} is not allowed: a workspace that is copied would take it along."),
    ],
)
def test_a_wrong_line_of_twokey_toml_is_refused_in_one_line(workspace: Settings, toml: str, reason: str) -> None:
    assert reason.format(toml=workspace.home / "twokey.toml") in refusal(workspace.home, toml)


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ("TWOKEY_CSAH=1", "Unknown setting TWOKEY_CSAH in {env}. Did you mean 'TWOKEY_CASH'?"),
        ("TWOKEY_CASH=lots", "TWOKEY_CASH in {env} is not allowed: input should be a valid number"),
        ("TWOKEY_HOME=/tmp", "TWOKEY_HOME in {env} is not allowed: the file belongs to the workspace it lies in."),
        ("TWOKEY_LOG=debug", "TWOKEY_LOG in {env} has no effect there. Set it in the environment."),
        ("a line of text\nTWOKEY_CASH=1", "{env} cannot be understood at line 1."),
        ("TWOKEY_SEED=1.5", "TWOKEY_SEED in {env} is not allowed: input should be a valid integer"),
    ],
)
def test_a_wrong_line_of_env_is_refused_in_one_line(workspace: Settings, variables: str, reason: str) -> None:
    assert reason.format(env=workspace.home / ".env") in refusal(workspace.home, variables=variables)


@pytest.mark.parametrize(
    ("toml", "variables"),
    [
        (f'cash = "{SECRET}"', ""),
        (f'costs = "{SECRET}"', ""),
        (f'train = "{SECRET}"', ""),
        (f"cash = {SECRET}", ""),
        (f'cash = 1\n"{SECRET}', ""),
        ("", f"TWOKEY_CASH={SECRET}"),
        ("", f"TWOKEY_TRIALS={SECRET}"),
        ("", f"{SECRET}{SECRET} is no variable"),
        ("", f"OTHER_KEY={SECRET}\nTWOKEY_CASH=x"),
    ],
)
def test_no_error_repeats_what_a_file_holds(workspace: Settings, toml: str, variables: str) -> None:
    assert SECRET not in refusal(workspace.home, toml, variables)


def test_variables_of_other_programs_and_empty_values_are_passed_over(
    workspace: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        workspace.home,
        "cash = 9",
        "export OTHER=$(x)\nTWOKEY_CASH=\n# TWOKEY_SEED=4\ntwokey_method=random\nexport TWOKEY_SEED='3'\n",
    )
    monkeypatch.setenv("TWOKEY_EXCHANGE", "  ")
    found = Settings()
    assert (found.cash, found.seed, found.exchange, found.method) == (9, 3, "binance", "random")


def test_a_value_of_env_is_not_replaced_by_a_variable(workspace: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVIL", "evil")
    write(workspace.home, variables="TWOKEY_EXCHANGE=${EVIL}")
    assert Settings().exchange == "${EVIL}"


@pytest.mark.parametrize("name", [".env", "twokey.toml"])
def test_a_file_that_is_no_text_is_one_line(workspace: Settings, name: str) -> None:
    (workspace.home / name).write_bytes(b"cash = \xff\xfe")
    with pytest.raises(InputError, match=rf"{name} is not UTF-8 text"):
        Settings()


@pytest.mark.parametrize("name", [".env", "twokey.toml"])
def test_a_pipe_of_that_name_does_not_block(workspace: Settings, name: str) -> None:
    os.mkfifo(workspace.home / name)
    assert Settings().cash == 100_000


def test_a_file_with_a_byte_order_mark_is_read(workspace: Settings) -> None:
    (workspace.home / "twokey.toml").write_bytes("\ufeffcash = 8\r\n".encode())
    assert Settings().cash == 8


def test_paths_begin_in_the_workspace_or_the_home(
    workspace: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/of/somebody")
    monkeypatch.delenv("TWOKEY_LEDGER_DIR")
    write(workspace.home, 'data_dir = "files"', "TWOKEY_LEDGER_DIR=~/count")
    (tmp_path / "deep").mkdir()
    for folder in (tmp_path, tmp_path / "deep"):
        monkeypatch.chdir(folder)
        assert (Settings().data_dir, Settings().ledger_dir) == (
            workspace.home / "files",
            Path("/home/of/somebody/count"),
        )


def test_a_relative_state_folder_of_the_system_begins_in_the_workspace(
    workspace: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TWOKEY_LEDGER_DIR")
    monkeypatch.setenv("XDG_STATE_HOME", "state")
    monkeypatch.chdir(tmp_path.parent)
    assert Settings().ledger_dir.is_absolute()


def test_settings_of_another_workspace_are_those_of_its_files(workspace: Settings, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write(workspace.home, "cash = 1")
    write(other, "cash = 2")
    assert (Settings().cash, Settings(home=other).cash) == (1, 2)
