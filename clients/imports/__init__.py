"""Imports of real files: contracts of the Open Contracting Data Standard, records of CSV and JSON Lines."""
