"""The HTTP face of a node (FastAPI). Everything here translates; nothing here decides."""
