"""A member's own copy of the log: fetched from a node, checked against its checkpoint, kept as tlog-tiles files."""
