"""Output of runs: report, picture, comparison, description. Nothing here affects a figure."""
