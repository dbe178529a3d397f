"""The user's folder for what processes of this machine share until it restarts."""

from pathlib import Path

from platformdirs import user_runtime_path


def runtime_folder() -> Path:
    """The folder, such as `/run/user/1000/twokey`; only this user may read it. It need not exist yet."""
    return user_runtime_path("twokey", appauthor=False)
