"""The folder of what processes share."""

import warnings

import pytest

from skills_lib.workspace.runtime import runtime_folder


def test_a_system_without_such_a_folder_is_no_warning_to_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert runtime_folder().is_absolute()
