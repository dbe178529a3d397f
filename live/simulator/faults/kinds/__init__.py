"""One model for each kind of fault, grouped by what it acts on."""
