"""Risk: turns an intent into `Approved` or `Refused`, and says when losses end a run."""
