"""A replay's id changes with every byte that can change a figure, and with nothing else."""

import shutil
from pathlib import Path

from live.replay.identity import COMPUTING, ROOT, code_sha256, replay_id, tape_sha256


def test_one_byte_in_any_computing_module_is_another_code_and_in_a_report_package_is_not(tmp_path: Path) -> None:
    for package in COMPUTING:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.gz"))
    before = code_sha256(COMPUTING, tmp_path)
    unchanged = []
    for file in sorted(tmp_path.rglob("*.py")):
        text = file.read_bytes()
        file.write_bytes(text + b"#")
        code_sha256.cache_clear()
        if code_sha256(COMPUTING, tmp_path) == before:
            unchanged.append(file.relative_to(tmp_path))
        file.write_bytes(text)
    assert unchanged
    assert all("report" in file.parts for file in unchanged)


def test_a_tape_is_its_bytes_whatever_its_place(tmp_path: Path) -> None:
    one, copied, other = (tmp_path / name for name in ("a.jsonl", "b.jsonl", "c.jsonl"))
    one.write_bytes(b"line\n")
    copied.write_bytes(b"line\n")
    other.write_bytes(b"lime\n")
    assert tape_sha256(one) == tape_sha256(copied) != tape_sha256(other)
    folder = tmp_path / "folder"
    (folder / "part").mkdir(parents=True)
    (folder / "part" / "1").write_bytes(b"x")
    before = tape_sha256(folder)
    (folder / "part" / "1").rename(folder / "part" / "2")
    assert tape_sha256(folder) != before


def test_the_id_knows_the_order_of_tapes_and_every_argument() -> None:
    asked = {"seed": 7, "sweep": []}
    ids = {
        replay_id(["a", "b"], "c", asked),
        replay_id(["b", "a"], "c", asked),
        replay_id(["a", "b"], "d", asked),
        replay_id(["a", "b"], "c", asked | {"seed": 8}),
    }
    assert len(ids) == 4
    assert replay_id(["a", "b"], "c", dict(reversed(asked.items()))) in ids
