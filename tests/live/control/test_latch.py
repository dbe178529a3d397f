"""A killed session stays killed: until a person resets it, whatever happens to the file."""

from pathlib import Path

import pytest

from live.control import durable_files
from live.control.folder import SessionFolder
from live.control.latch import KillLatch, latched, release, set_latch


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    made = SessionFolder.of(tmp_path, "simulator")
    made.make()
    return made


def test_the_first_reason_stays(folder: SessionFolder) -> None:
    assert latched(folder) is None
    set_latch(folder, "daily_loss", 5)
    assert set_latch(folder, "a person", 9) == KillLatch("daily_loss", 5)
    assert latched(folder) == KillLatch("daily_loss", 5)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]", b'{"reason": 1}'])
def test_a_latch_that_cannot_be_read_is_a_latch(folder: SessionFolder, content: bytes) -> None:
    folder.latch.write_bytes(content)
    found = latched(folder)
    assert found is not None
    assert set_latch(folder, "kill", 1) == found


def test_a_latch_that_is_a_folder_is_a_latch(folder: SessionFolder) -> None:
    folder.latch.mkdir()
    assert latched(folder) is not None


def test_releasing_removes_the_file_that_kills_too(folder: SessionFolder) -> None:
    folder.kill_file.write_text("")
    set_latch(folder, "kill", 1)
    release(folder)
    assert latched(folder) is None
    assert not folder.kill_file.exists()


def test_a_crash_while_writing_leaves_no_half_of_a_latch(
    folder: SessionFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable_files.os, "fsync", crash)
    with pytest.raises(OSError, match="space"):
        set_latch(folder, "kill", 1)
    assert latched(folder) is None
    assert sorted(path.name for path in folder.root.iterdir()) == ["journals"]
