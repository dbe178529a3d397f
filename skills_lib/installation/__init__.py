"""The files and the environment of a new workspace, the table of settings, and `twokey doctor`."""
