"""All replays behind one report: the strategy or its sweep, controls, fill models and sensitivities."""
