"""Answers in the forms of others: PROV-JSON and OpenLineage run events, as plain JSON values."""
