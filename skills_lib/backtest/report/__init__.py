"""How a run is shown: report, picture, comparison, description. Nothing here decides a figure."""
