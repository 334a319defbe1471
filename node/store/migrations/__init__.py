"""Steps from one schema to the next; `node.store.migrate` runs them."""
