"""The process that trades: it starts by recovering, is controlled by verbs, and always can be stopped."""
