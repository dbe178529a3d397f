"""One stage of a validation a module, each usable alone: arrays or bars in, a frozen model out; no files, no clock."""
