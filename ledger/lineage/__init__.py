"""Questions about lineage as pure functions over a port; each module answers what its name says.

`source` is the port, `memory` a source in memory, `answers` the shapes of the answers.
"""
