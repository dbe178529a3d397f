"""How often the verdict is wrong: validation on markets whose truth is known."""
