"""A sender that cheats: it offers what the receiver's check must find wrong, each time in one way only."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import msgspec

from clients.gateway.disclosed import content_row
from clients.gateway.package import Source, encode_package
from clients.gateway.packing import gather
from clients.gateway.sealing import seal_package
from clients.gateway.send import SIDE, Delivery
from clients.vault.rows import DisclosedRecord, Package, Progress
from ledger.content import content_key_commitment, content_root
from ledger.references import ReferenceSet
from tests.clients.gateway.story import Story

KEY = b"k" * 32


def offer_wrongly(story: Story, delivery: Delivery, reason: str) -> str:
    """Prepare a hand-over in the source's vault that will be disputed for `reason`; return its id."""
    vault = story.vaults["source"]
    honest = gather(vault, story.forms, delivery.references, delivery.items)
    sources = [_spoil(source, reason, story) for source in honest]
    rows = [content_row(row) for source in sources for row in source.rows]
    root = bytes(32) if reason == "content_root" else content_root(rows)
    plaintext = b"\x00" * 40 if reason == "other" else encode_package(sources)
    sealing_key = b"x" * 32 if reason == "undecryptable" else KEY
    ciphertext = seal_package(plaintext, sealing_key)
    identity = story.clients["source"].signing_identity()
    offer = {
        "v": 1,
        "sub": f"urn:suyuan:transfer:{identity.member}:cheat",
        "kind": "transfer.offer",
        "grant": delivery.grant,
        "acceptance": delivery.acceptance,
        "receiver": delivery.receiver,
        "references": delivery.references.to_json(),
        "items": delivery.items,
        "purpose": delivery.purpose,
        "content_root": root.hex(),
        "key_commitment": content_key_commitment(KEY).hex(),
        "ciphertext": sha256(ciphertext).hexdigest(),
        "size": len(ciphertext),
        "deadline": delivery.deadline,
    }
    vault.keep_package(Package(sha256(ciphertext).hexdigest(), ciphertext, KEY), delivery.references)
    vault.keep_progress(Progress("cheat", SIDE, None, "prepared", msgspec.json.encode({"offer": offer}).decode()))
    return "cheat"


def _spoil(source: Source, reason: str, story: Story) -> Source:
    first, *others = source.rows
    match reason:
        case "commitment":
            name, salt, value = first.fields[0]
            assert isinstance(value, int)
            return replace(source, rows=(replace(first, fields=((name, salt, value + 1), *first.fields[1:])), *others))
        case "missing_rows":
            return replace(source, rows=tuple(others))
        case "fields":
            more = gather(
                story.vaults["source"], story.forms, _all_of(source.rows), {"credit_person": ["amount", "sex_status"]}
            )
            return more[0]
    return source


def _all_of(rows: tuple[DisclosedRecord, ...]) -> ReferenceSet:
    return ReferenceSet.of(row.reference for row in rows)
