"""Answers as files of other programs."""
