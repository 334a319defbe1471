"""Storage of one node: SQL tables, the block transaction, segments, and the reads that answer questions."""
