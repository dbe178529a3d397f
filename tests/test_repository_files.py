"""Files of the repository: locks, settings and tools, without traces of the machine they were made on."""

import importlib.metadata
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import skills_lib
from skills_lib.settings import Settings, setting_names
from tests.repository import ROOT, repository_files

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT: dict[str, Any] = PYPROJECT["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
IN_DEV = ("dev", "yahoo", "optimize", "cluster", "postgres", "supabase")
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-bench.lock"]
ENTRY = re.compile(
    r"^(?P<name>[a-z0-9.-]+)==(?P<version>[0-9a-z.]+)( ; [^#\\]+)? ?(?P<hashes>( ?--hash=sha256:[0-9a-f]{64})+)$"
)

# Split, so that this file does not match itself.
FORBIDDEN = {
    "a package index": r"py"
    r"pi\.org|python"
    r"hosted\.org|registry\."
    r"npm"
    r"js|--(extra-)?index-"
    r"url[ =]\S*:|find-"
    r"links[ =]\S*/",
    "a resolved address": r'"reso' r'lved": "http',
    "a folder of one machine": r"file:/" r"//|(?<![\w.}$-])/(ro" r"ot|wo" r"rk)/|/opt/(wh" r"eels|py" r"pi)",
}


def entries(lock: str) -> list[str]:
    """Logical lines of a lock: one package each, with its hashes."""
    text = (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


def versions(lock: str) -> dict[str, set[str]]:
    """Versions locked for each package; more than one where Python versions differ."""
    found: dict[str, set[str]] = {}
    for entry in entries(lock):
        name, version = entry.split()[0].split("==")
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_pinned_packages_with_hashes_and_nothing_else(lock: str) -> None:
    assert len(entries(lock)) > 50
    assert [entry[:80] for entry in entries(lock) if not ENTRY.match(entry)] == []


@pytest.mark.parametrize(("smaller", "larger"), list(itertools.pairwise(LOCKS)))
def test_a_lock_includes_the_smaller_one(smaller: str, larger: str) -> None:
    inner, outer = versions(smaller), versions(larger)
    assert {name: (found, outer.get(name)) for name, found in inner.items() if outer.get(name) != found} == {}


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("requirements.lock", PROJECT["dependencies"] + PYPROJECT["dependency-groups"]["build"]),
        ("requirements-dev.lock", [r for e in EXTRAS if e in IN_DEV for r in EXTRAS[e]]),
        ("requirements-bench.lock", EXTRAS["bench"]),
    ],
)
def test_a_lock_satisfies_the_requirements_of_the_project(lock: str, wanted: list[str]) -> None:
    locked = versions(lock)
    for requirement in map(Requirement, wanted):
        found = locked.get(canonicalize_name(requirement.name), set())
        assert found, f"{requirement.name} is not in {lock}: run `make lock`"
        assert all(requirement.specifier.contains(version) for version in found), f"{requirement}: {found}"


def test_the_core_stays_small_enough_for_the_demo() -> None:
    assert not {"pyarrow", "scipy", "polars", "statsmodels"} & versions("requirements.lock").keys()


def test_the_suite_runs_on_the_locked_versions() -> None:
    locked = versions("requirements-dev.lock")
    installed = {name: importlib.metadata.version(name) for name in ("backtesting", "ccxt", "duckdb", "mcp", "pandas")}
    assert {name: found for name, found in installed.items() if found not in locked[name]} == {}


def test_node_tools_are_pinned_and_their_lock_holds_no_address() -> None:
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert all(re.fullmatch(r"[0-9.]+", version) for version in package["devDependencies"].values())
    assert lock[""]["devDependencies"] == package["devDependencies"]
    assert [name for name, entry in lock.items() if "resolved" in entry] == []
    assert [name for name, entry in lock.items() if name and "integrity" not in entry] == []
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_contains_an_address_of_the_machine_it_was_made_on(what: str) -> None:
    found = []
    for path in repository_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in re.finditer(FORBIDDEN[what], text)]
    assert found == []


def test_the_check_for_addresses_finds_them() -> None:
    samples = {
        "a package index": "--index-" + "url https://example.invalid/simple",
        "a resolved address": '"resol' + 'ved": "https://example.invalid/a.tgz"',
        "a folder of one machine": "see /ro" + "ot/notes.txt",
    }
    assert all(re.search(FORBIDDEN[what], sample) for what, sample in samples.items())


def test_env_example_names_settings_only() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"^#? ?(TWOKEY_[A-Z_]+)=", text, flags=re.M))
    assert len(named) > 5
    assert named <= {f"TWOKEY_{name.upper()}" for name in setting_names()}


def test_env_example_shows_the_real_defaults() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    shown = {name.lower(): value for name, value in re.findall(r"^# TWOKEY_([A-Z_]+)=(.+)$", text, flags=re.M)}
    assert shown
    for name, value in shown.items():
        default = Settings.model_fields[name].default
        assert type(default)(value) == default, name


def test_library_plugin_and_distribution_have_the_same_version() -> None:
    plugin = json.loads((ROOT / "plugin" / ".claude-plugin" / "plugin.json").read_text(encoding="utf-8"))
    assert skills_lib.__version__ == plugin["version"] == PROJECT["version"] == importlib.metadata.version("twokey")


@pytest.mark.parametrize(
    "path", [".env", "data/candles/a.parquet", "backtests/results/x/plot.html", "node_modules/a.js"]
)
def test_results_and_data_are_ignored_by_git(path: str) -> None:
    repository_files()
    assert subprocess.run(["git", "check-ignore", "--quiet", path], cwd=ROOT, check=False).returncode == 0


def test_no_ignored_file_is_committed() -> None:
    repository_files()
    command = ["git", "ls-files", "--cached", "--ignored", "--exclude-standard"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split() == []


@pytest.mark.parametrize("folder", ["data", "backtests", "live"])
def test_a_committed_empty_folder_has_a_readme(folder: str) -> None:
    assert ROOT / folder / "README.md" in repository_files(f"{folder}/README.md")


def test_ci_runs_the_test_command_of_the_readme_last() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").splitlines()[-1] == "make test"
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["demo", "test", "study", "study-oracle", "lint", "bench", "lock", "wheel"])
def test_make_has_the_target_and_help_lists_it(target: str) -> None:
    make = shutil.which("make") or pytest.skip("make is not installed")
    helped = subprocess.run([make, "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.search(rf"^{target}\s+\S", helped.stdout, flags=re.M)
    assert subprocess.run([make, "-n", target], cwd=ROOT, capture_output=True, check=False).returncode == 0


@pytest.fixture
def bare_clone(tmp_path: Path) -> Path:
    """The files that installing reads, and a `bin` with the tools it calls, but no Python, uv or pip."""
    for name in ["scripts/install.sh", "pyproject.toml", *LOCKS]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for tool in ("sh", "dirname", "cat", "cmp", "cp", "find", "grep", "head", "rm", "touch"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool) or pytest.skip(f"{tool} is not installed"))
    return tmp_path


def install(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the installer with only the clone's own tools on PATH and no package index."""
    environment = {"PATH": str(clone / "bin"), "PIP_NO_INDEX": "1", "HOME": str(clone)}
    command = [str(clone / "bin" / "sh"), "scripts/install.sh", *arguments]
    return subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)


def test_a_missing_python_is_reported_in_one_line(bare_clone: Path) -> None:
    done = install(bare_clone, "core")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Python 3.11" in done.stderr
    assert not (bare_clone / ".venv").exists()


def test_a_second_install_needs_neither_network_nor_pip(bare_clone: Path) -> None:
    venv.create(bare_clone / ".venv", with_pip=False, symlinks=True)
    for name in ["pyproject.toml", *LOCKS]:
        shutil.copy(bare_clone / name, bare_clone / ".venv" / f".{name}")
    (bare_clone / ".venv" / ".compiled").touch()
    for kind in ("core", "dev", "bench"):
        done = install(bare_clone, kind)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_broken_environment_is_recreated_and_its_lock_installed_again(bare_clone: Path) -> None:
    (bare_clone / ".venv" / "bin").mkdir(parents=True)
    (bare_clone / ".venv" / "bin" / "python").symlink_to(bare_clone / "gone")
    (bare_clone / "bin" / "python3").symlink_to(sys.executable)
    (bare_clone / "requirements.lock").write_text("# nothing is locked\n", encoding="utf-8")
    done = install(bare_clone, "core")
    stamp = bare_clone / ".venv" / ".requirements.lock"
    assert "Creating .venv" in done.stderr
    assert stamp.read_text(encoding="utf-8") == "# nothing is locked\n"
    assert done.returncode != 0, "without the locked build backend the checkout itself cannot be installed"
    assert not (bare_clone / ".venv" / ".pyproject.toml").exists()


def test_an_unknown_kind_of_install_is_refused(bare_clone: Path) -> None:
    done = install(bare_clone, "everything")
    assert done.returncode == 2
    assert "'everything'" in done.stderr


def test_no_installed_package_is_in_the_repository() -> None:
    packed = repository_files("*.whl", "*.tar.gz", "*.zip", "*.egg")
    assert [path.name for path in packed if "tests" not in path.parts] == []


@pytest.mark.parametrize("pattern", PYPROJECT["tool"]["coverage"]["run"]["include"])
def test_what_make_coverage_measures_is_there(pattern: str) -> None:
    assert list(ROOT.glob(pattern)), "a file that was moved would no longer be measured"
