"""Findings: something wrong that follows from the ledger alone. `catalogue` names them, `judge` finds them."""
