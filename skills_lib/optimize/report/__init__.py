"""How an optimisation is shown: report and heatmaps. Nothing here decides a figure."""
