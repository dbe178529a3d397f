"""How a validation is shown: report, page and pictures. Nothing here decides a figure."""
