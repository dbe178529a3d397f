"""How a walk-forward is shown: report and picture. Nothing here decides a figure."""
