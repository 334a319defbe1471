"""The demonstration: the main job end to end on a real node, as ordinary code over the SDK."""
