"""Placeholder until its rules are written."""
