"""The user's folder for what processes of this machine share until it restarts."""

import warnings
from pathlib import Path

from platformdirs import user_runtime_path


def runtime_folder() -> Path:
    """The folder, such as `/run/user/1000/twokey`; only this user may read it. It need not exist yet.

    Where the system has none, as in a container, it is one among the temporary files: nothing that a person need know.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return user_runtime_path("twokey", appauthor=False)
