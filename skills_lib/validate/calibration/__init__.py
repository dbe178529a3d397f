"""The proof of the verdict: validation on markets whose truth is known."""
