"""The workspace: which folder it is, and what its settings files say."""
