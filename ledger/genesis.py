"""Leaf 0: the genesis document as an entry, its check (GOV-1), and the state and head it begins with."""

from __future__ import annotations

import msgspec

from ledger.encoding import base64url
from ledger.entries import ZERO_DIGEST, EntryMalformed, GenesisEntry, decode_entry
from ledger.errors import FormError, Text
from ledger.execution import ZERO_APP_HASH, Head
from ledger.keys import EncryptionKey, PublicKey
from ledger.kinds.fields import Jwk
from ledger.kinds.genesis import Genesis
from ledger.merkle import leaf_hash
from ledger.rules.catalogue import check_catalogue
from ledger.rules.founding import GenesisCase, gov_1
from ledger.state.digest import encode_changes, next_digest
from ledger.state.effects import StateKey
from ledger.state.tables import (
    CATALOGUE,
    KEY,
    MEMBER,
    NODE,
    POLICY,
    CatalogueState,
    KeyState,
    MemberState,
    NodeState,
    PolicyState,
    StateRow,
)


class GenesisForm(FormError):
    """The genesis document does not fit its schema."""

    code = "genesis.schema"
    what = Text("The genesis document does not fit its schema: {detail}.", "创世文件不符合结构：{detail}。")
    next_step = Text("Compare it with `suyuan schema genesis`.", "请与 `suyuan schema genesis` 的输出对照。")


def make_genesis_entry(genesis: Genesis) -> bytes:
    """Return leaf 0: the document as RFC 8785 JSON in its CBOR entry; raises EntryField, EntryTooLarge, JSON errors."""
    return GenesisEntry(genesis.origin, msgspec.to_builtins(genesis)).encode()


def read_genesis_entry(entry: bytes) -> Genesis:
    """Read leaf 0 strictly; raises EntryMalformed, EntryField, a JSON error or GenesisForm.

    The origin stands twice and must be the same; `check_genesis` judges the rest.
    """
    decoded = decode_entry(entry)
    if not isinstance(decoded, GenesisEntry):
        raise EntryMalformed
    try:
        genesis = msgspec.convert(decoded.genesis, Genesis, strict=True)
    except msgspec.ValidationError as error:
        raise GenesisForm(detail=str(error)) from None
    if genesis.origin != decoded.origin:
        raise GenesisForm(detail="origin differs between entry and document")
    return genesis


def check_genesis(genesis: Genesis) -> None:
    """Judge a document as if its parts were admitted; raises RuleError (GOV-1, CAT-1, CAT-2, CAT-3) or a FormError."""
    gov_1(GenesisCase(genesis))
    check_catalogue(genesis.catalogue)


def genesis_changes(genesis: Genesis) -> dict[StateKey, StateRow]:
    """Return the state rows that a (checked) document begins with; keys are live from time 0 and index 0."""
    rows: dict[StateKey, StateRow] = {}
    for founder in genesis.members:
        rows[(MEMBER.name, "", founder.uscc)] = MemberState(
            uscc=founder.uscc,
            name_zh=founder.name.zh,
            name_en=founder.name.en,
            roles=tuple(founder.roles),
            jurisdiction=founder.jurisdiction,
            status="active",
            encryption=founder.encryption,
        )
        for key in founder.keys:
            rows[(KEY.name, "", key_id_of(key))] = KeyState(
                member=founder.uscc, use="sign", key=key, kinds=None, active_from=0, added_index=0
            )
        if founder.encryption is not None:
            rows[(KEY.name, "", key_id_of(founder.encryption))] = KeyState(
                member=founder.uscc, use="encrypt", key=founder.encryption, kinds=None, active_from=0, added_index=0
            )
    for node in genesis.nodes:
        rows[(NODE.name, "", node.name)] = NodeState(node=node, active=True)
    first = CatalogueState(catalogue=genesis.catalogue, index=0)
    rows[(CATALOGUE.name, "", "")] = first
    rows[(CATALOGUE.name, "", str(genesis.catalogue.version))] = first
    rows[(POLICY.name, "", "")] = PolicyState(policy=genesis.policy, index=0)
    return rows


def genesis_head(entry: bytes) -> Head:
    """Return the head of a log that holds only leaf 0: height 0, size 1, time 0; raises as `read_genesis_entry`."""
    genesis = read_genesis_entry(entry)
    leaf = leaf_hash(entry)
    return Head(
        origin=genesis.origin,
        genesis_hash=leaf.hex(),
        height=0,
        size=1,
        peaks=(leaf,),
        app_hash=ZERO_APP_HASH,
        state_digest=next_digest(ZERO_DIGEST, encode_changes(genesis_changes(genesis))),
        time=0,
    )


def key_id_of(key: Jwk) -> str:
    """Return the kid (RFC 9679 thumbprint, base64url) of a signing or encryption key; raises KeyShape, UnsafeKey."""
    value = msgspec.to_builtins(key)
    checked = EncryptionKey.from_json(value) if key.crv == "X25519" else PublicKey.from_json(value)
    return base64url(checked.thumbprint)
