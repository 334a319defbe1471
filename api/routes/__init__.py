"""Routes by subject; each module offers `routes(node) -> list of Starlette or FastAPI routes`."""
