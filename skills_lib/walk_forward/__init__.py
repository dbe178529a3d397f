"""Walk-forward: chooses parameters on each train span and tests them on the test span that follows."""
