"""Walk-forward: choose parameters on each train span, try them on the test span that follows."""
