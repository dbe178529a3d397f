"""A stored answer is identified by the code that computed it: every module counts by the package it is in."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from skills_lib.backtest.identity import COMPUTING_PACKAGES, REPORT_PACKAGE, library_sha256
from tests.repository import ROOT

LIBRARY = ROOT / "skills_lib"
MODULES = sorted(path.relative_to(LIBRARY) for path in LIBRARY.rglob("*.py"))

RUN = """
import sys
from scripts.cli import main
sys.argv = ["twokey", *sys.argv[1:]]
main()
"""


def hashes(library: Path) -> list[str]:
    """One hash for each computing package; the cache is of no use where files change."""
    return [library_sha256.__wrapped__(package, library) for package in COMPUTING_PACKAGES]


def expected_change(module: Path) -> list[bool]:
    """Whether the hash of each computing package changes with the module."""
    if REPORT_PACKAGE in module.parts or module.parts[0] not in COMPUTING_PACKAGES:
        return [False] * len(COMPUTING_PACKAGES)
    first = COMPUTING_PACKAGES.index(module.parts[0])
    return [place >= first for place in range(len(COMPUTING_PACKAGES))]


def test_one_byte_in_any_module_changes_the_identity_or_not_by_the_package_it_is_in(tmp_path: Path) -> None:
    library = Path(shutil.copytree(LIBRARY, tmp_path / "skills_lib", ignore=shutil.ignore_patterns("__pycache__")))
    before = hashes(library)
    for module in MODULES:
        content = (library / module).read_bytes()
        (library / module).write_bytes(content + b"\n")
        changed = [now != then for now, then in zip(hashes(library), before, strict=True)]
        assert changed == expected_change(module), module
        (library / module).write_bytes(content)
    assert hashes(library) == before


def test_a_new_module_counts_without_being_named_anywhere(tmp_path: Path) -> None:
    library = Path(shutil.copytree(LIBRARY, tmp_path / "skills_lib", ignore=shutil.ignore_patterns("__pycache__")))
    before = hashes(library)
    (library / "validate" / "stages" / "brand_new.py").write_text("LIMIT = 1\n", encoding="utf-8")
    changed = [now != then for now, then in zip(hashes(library), before, strict=True)]
    assert dict(zip(COMPUTING_PACKAGES, changed, strict=True)) == {
        name: name in ("validate", "calibrate") for name in COMPUTING_PACKAGES
    }


def test_every_package_of_the_library_computes_or_is_known_not_to() -> None:
    packages = {path.parent.name for path in LIBRARY.glob("*/__init__.py")}
    others = {"answers", "installation", "market", "report", "testing", "trades", "workers", "workspace"}
    assert packages - set(COMPUTING_PACKAGES) == others, "say in identity.py whether the new package decides figures"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the packages whose code a test may change, with results of its own."""
    for package in ("skills_lib", "strategies", "scripts"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def twokey(checkout: Path, *words: str) -> str:
    """What the command of this copy prints."""
    environment = {**os.environ, "PYTHONPATH": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"TWOKEY_HOME": str(checkout), "TWOKEY_LEDGER_DIR": str(checkout / "ledger")}
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words], cwd=checkout, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_verdict_does_not_outlive_the_rule_that_gave_it(checkout: Path) -> None:
    words = ["test-strategy", "BTC", "1h", "sma_crossover", "--source", "sample", "--until", "2023-03-01", "--json"]
    before = twokey(checkout, *words)
    assert '"label":"WEAK"' in before.replace(" ", "")
    assert twokey(checkout, *words) == before
    edit(checkout / "skills_lib" / "backtest" / "verdict.py", 'label="WEAK"', 'label="SOLID"')
    assert '"label":"SOLID"' in twokey(checkout, *words).replace(" ", "")


def test_a_stored_pass_or_fail_does_not_outlive_the_rule_table(checkout: Path) -> None:
    words = ["validate", "sma_crossover", "BTC", "1h", "--source", "sample", "--until", "2024-07-01", "--seed", "7"]
    words += ["--param", "fast=5,10,15", "--param", "slow=30,60", "--json"]
    before = twokey(checkout, *words)
    assert '"label":"FAIL"' in before.replace(" ", "")
    assert twokey(checkout, *words) == before
    edit(checkout / "skills_lib" / "validate" / "verdict.py", "def judge_validation(", "def _judge_honestly(")
    judge = "\n\ndef judge_validation(*given: object) -> object:\n    found = _judge_honestly(*given)\n"
    judge += '    return found.model_copy(update={"label": "PASS"})\n'
    with (checkout / "skills_lib" / "validate" / "verdict.py").open("a", encoding="utf-8") as file:
        file.write(judge)
    assert '"label":"PASS"' in twokey(checkout, *words).replace(" ", "")
