"""What is checked before a run starts: the limits that a person gives, and whether the capital suffices."""
