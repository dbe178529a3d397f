"""Code that can place orders. So far only a local exchange simulator; nothing here signs in to a real exchange."""
