"""The `twokey` command: one module per group of commands."""

import os

# pydantic looks for plugins in every installed package, which takes longer than to build its models
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
