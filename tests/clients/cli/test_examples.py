"""Every statement kind has a valid example and a JSON Schema that the command line shows."""

from __future__ import annotations

import pytest

from clients.cli.examples import EXAMPLES, full_example
from ledger.identifiers import scan_identifiers
from ledger.kinds import KINDS, decode_payload


def test_every_kind_has_an_example_in_the_order_of_the_kinds() -> None:
    assert list(EXAMPLES) == list(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_each_example_is_a_payload_of_its_kind(kind: str) -> None:
    example = full_example(kind)
    assert isinstance(decode_payload(kind, example), KINDS[kind])
    assert scan_identifiers(example) is None
