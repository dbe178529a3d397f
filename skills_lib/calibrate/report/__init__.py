"""How a calibration is shown: report and picture. Nothing here decides a figure."""
