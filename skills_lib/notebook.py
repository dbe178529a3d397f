"""Keeps a notebook offline."""

import os
import warnings

_SIGNS_OF_A_NOTEBOOK = ("JPY_PARENT_PID", "MPLBACKEND")


def stay_offline() -> None:
    """Call it before other imports: where backtesting.py notices a notebook, it loads Bokeh from another host."""
    for name in _SIGNS_OF_A_NOTEBOOK:
        os.environ.pop(name, None)
    warnings.filterwarnings("ignore", message="IProgress not found")  # tqdm's, without ipywidgets
