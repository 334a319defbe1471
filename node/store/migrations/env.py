"""Alembic's entry point: migrations run on the connection of whoever called `node.store.migrate.upgrade`."""

from __future__ import annotations

from alembic import context

from node.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
