"""What trading leaves behind, read as data: the journal."""
