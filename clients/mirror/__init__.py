"""A member's own copy of the log: fetched from a node, checked against its signed checkpoint, kept as tlog-tiles files."""
