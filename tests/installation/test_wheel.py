"""The wheel, installed into an environment of its own: it holds all that it needs, and works in any folder."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from skills_lib.installation.workspace_files import workspace_files
from tests.repository import ROOT, repository_files

PACKAGES = ("skills_lib", "strategies", "mcp_servers", "live", "scripts")
SHORT = ("--source", "sample", "--since", "2024-11-01", "--json")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without network."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def pip_into(environment: Path) -> list[str]:
    """The command that installs into another environment; one that uv made has no pip of its own."""
    python = str(environment / "bin" / "python")
    if find_spec("pip"):
        return [sys.executable, "-m", "pip", "--python", python, "install"]
    uv = shutil.which("uv") or pytest.skip("neither pip nor uv is there to install the wheel")
    return [uv, "pip", "install", "--python", python]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`twokey` of an environment in which the wheel is installed; other packages come from this environment."""
    folder = tmp_path_factory.mktemp("environment") / "env"
    venv.EnvBuilder(with_pip=False, symlinks=True).create(folder)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    (site / "others.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    command = [*pip_into(folder), "--quiet", "--no-index", "--no-deps", str(wheel)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "bin" / "twokey"


@pytest.fixture(scope="module")
def made(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace made by the installed command in an empty folder."""
    folder = tmp_path_factory.mktemp("anywhere") / "research"
    folder.mkdir()
    done = run(folder, installed, "init")
    assert done.returncode == 0, done.stderr
    return folder


def run(folder: Path, program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("TWOKEY_", "PYTHON", "PYTEST_"))}
    kept |= {"TWOKEY_LEDGER_DIR": os.environ["TWOKEY_LEDGER_DIR"]}
    return subprocess.run([program, *arguments], cwd=folder, env=kept, capture_output=True, text=True, check=False)


def answer(folder: Path, program: Path, *arguments: str) -> dict[str, object]:
    done = run(folder, program, *arguments)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_every_file_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    committed = {str(path.relative_to(ROOT)) for path in repository_files(*(f"{name}/*" for name in PACKAGES))}
    assert len(committed) > 300
    assert committed - inside == set()


def test_nothing_but_the_packages_and_the_files_of_a_workspace_is_in_the_wheel(wheel: Path) -> None:
    inside = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in inside} - set(PACKAGES) == {"twokey-0.1.0.dist-info"}
    assert [name for name in inside if name.endswith((".pyc", ".nbi", ".nbc", ".env", "settings.local.json"))] == []


def test_the_installed_packages_are_those_of_the_wheel(installed: Path, tmp_path: Path) -> None:
    ask = "import skills_lib, strategies, mcp_servers, scripts; print(skills_lib.__file__); print(strategies.__file__)"
    done = run(tmp_path, installed.with_name("python"), "-P", "-c", ask)
    assert all(Path(line).is_relative_to(installed.parents[1]) for line in done.stdout.splitlines()), done
    assert str(ROOT) not in done.stdout


def test_it_makes_the_workspace_that_the_checkout_makes(made: Path) -> None:
    for name, text in workspace_files().items():
        assert (made / name).read_text(encoding="utf-8") == text, name


def test_without_a_workspace_what_needs_none_works_and_the_rest_says_what_to_do(
    installed: Path, tmp_path: Path
) -> None:
    assert "test-strategy" in run(tmp_path, installed, "--help").stdout
    assert "[default: 100000" in run(tmp_path, installed, "test-strategy", "--help").stdout
    assert json.loads(run(tmp_path, installed, "strategies", "--json").stdout)["strategies"]
    done = run(tmp_path, installed, "runs")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("No workspace: ")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_its_folder_is_the_workspace_for_the_installed_command_and_for_its_own(
    installed: Path, made: Path, tmp_path: Path
) -> None:
    ask = "from skills_lib.workspace.location import locate; print(locate().folder)"
    assert run(made / "data", installed.with_name("python"), "-c", ask).stdout == f"{made}\n"
    assert run(tmp_path, made / ".venv" / "bin" / "python", "-c", ask).stdout == f"{made}\n"


def test_the_main_verbs_work_in_the_workspace(made: Path, tmp_path: Path) -> None:
    twokey = made / ".venv" / "bin" / "twokey"
    answer(made, twokey, "new-strategy", "my_idea", "--kind", "trend", "--json")
    tested = answer(tmp_path, twokey, "test-strategy", "BTC", "1h", "my_idea", *SHORT)
    assert tested["synthetic"] is True
    assert (made / "backtests" / "results" / str(tested["run_id"]) / "result.json").is_file()
    search = ("--engine", "reference", "--method", "random", "--trials", "2", "--min-trades", "0")
    assert answer(made, twokey, "optimize", "my_idea", "BTC", "1h", *search, *SHORT)["evaluated"]
    only = ("--only", "lookahead", "--engine", "reference")
    assert answer(made, twokey, "validate", "my_idea", "BTC", "1h", *only, *SHORT)


def test_doctor_finds_nothing_broken_and_starts_the_servers_of_the_workspace(made: Path, tmp_path: Path) -> None:
    done = run(tmp_path, made / ".venv" / "bin" / "twokey", "doctor", "--json")
    assert done.returncode == 0, done.stdout
    findings = {finding["topic"]: finding for finding in json.loads(done.stdout)["findings"]}
    servers = [finding["found"] for topic, finding in findings.items() if topic.startswith("server ")]
    assert len(servers) == len(json.loads((made / ".mcp.json").read_text(encoding="utf-8"))["mcpServers"]) >= 3
    assert findings["workspace"]["found"].startswith(f"{made}, ")
