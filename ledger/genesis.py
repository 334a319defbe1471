"""Leaf 0: the genesis document as an entry, its check (GOV-1), and the state and head it begins with."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ledger.catalogue_check import check_catalogue
from ledger.codes import check_uscc
from ledger.encoding import base64url
from ledger.entries import ZERO_DIGEST, EntryMalformed, GenesisEntry, decode_entry
from ledger.errors import FormError, SuyuanError, Text
from ledger.execution import ZERO_APP_HASH, Head
from ledger.keys import EncryptionKey, PublicKey
from ledger.kinds.fields import Jwk
from ledger.kinds.genesis import FoundingMember, Genesis, Node, Policy
from ledger.merkle import leaf_hash
from ledger.notes.vkey import KeyType, Vkey
from ledger.rules.registry import broken, rule
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
from ledger.times import parse_day, parse_time


class GenesisForm(FormError):
    """The genesis document does not fit its schema."""

    code = "genesis.schema"
    what = Text("The genesis document does not fit its schema: {detail}.", "创世文件不符合结构：{detail}。")
    next_step = Text("Compare it with `suyuan schema genesis`.", "请与 `suyuan schema genesis` 的输出对照。")


@dataclass(frozen=True, slots=True)
class GenesisCase:
    """A genesis document to judge."""

    genesis: Genesis


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


@rule(
    "GOV-1",
    demand=Text(
        "Everything in the genesis document is checked as if it were admitted",
        "创世文件的全部内容均按入账要求核查",
    ),
    next_step=Text("Correct the document; the ledger has not begun.", "请更正创世文件；账本尚未开始。"),
)
def gov_1(case: GenesisCase) -> None:
    """GOV-1: members, keys, nodes, policy, and that the catalogue names members only."""
    genesis = case.genesis
    _time(genesis.created)
    members = {founder.uscc: founder for founder in genesis.members}
    if len(members) != len(genesis.members):
        raise _wrong("a member stands twice", "成员重复")
    used: set[bytes] = set()
    for founder in genesis.members:
        _check_member(founder, used)
    regulators = sum("regulator" in founder.roles for founder in genesis.members)
    if not genesis.policy.governance_threshold <= regulators:
        raise _wrong(
            f"{regulators} regulators for a threshold of {genesis.policy.governance_threshold}",
            f"监管成员 {regulators} 个，低于门限 {genesis.policy.governance_threshold}",
        )
    _check_nodes(genesis, members, used)
    _check_policy(genesis.policy)
    for item in genesis.catalogue.items:
        for source in item.sources:
            if source not in members or "source" not in members[source].roles:
                raise _wrong(f"{source} is no source but makes {item.code}", f"{source} 不是 {item.code} 的来源成员")
        if item.repair_authority is not None and item.repair_authority not in members:
            raise _wrong(f"{item.code} is repaired by no member", f"{item.code} 的修复机关不是成员")
    for entry in (*genesis.catalogue.lists, *genesis.catalogue.measures):
        if entry.authority not in members:
            raise _wrong(f"{entry.code} has an authority that is no member", f"{entry.code} 的认定机关不是成员")


def _wrong(en: str, zh: str) -> SuyuanError:
    return broken("GOV-1", en, zh)


def _time(value: str) -> None:
    try:
        parse_time(value)
    except FormError as error:
        raise _wrong(error.message(), error.message("zh")) from None


def _take(used: set[bytes], raw: bytes, name: str) -> None:
    """Note a public key as used: one key serves one purpose of one member or node."""
    if raw in used:
        raise _wrong(f"a key of {name} is used twice", f"{name} 的密钥被重复使用")
    used.add(raw)


def _public(key: Jwk, name: str) -> bytes:
    """Return the raw public key of a signing key."""
    try:
        return PublicKey.from_json(msgspec.to_builtins(key)).raw
    except SuyuanError as error:
        raise _wrong(f"a key of {name}: {error.message()}", f"{name} 的密钥：{error.message('zh')}") from None


def _check_member(founder: FoundingMember, used: set[bytes]) -> None:
    try:
        check_uscc(founder.uscc)
    except FormError as error:
        raise _wrong(f"{founder.uscc}: {error.message()}", f"{founder.uscc}：{error.message('zh')}") from None
    if list(founder.roles) != sorted(set(founder.roles)):
        raise _wrong(f"roles of {founder.uscc} must be sorted and unique", f"{founder.uscc} 的角色须排序且不重复")
    for key in founder.keys:
        _take(used, _public(key, founder.uscc), founder.uscc)
    if founder.encryption is not None:
        try:
            encryption = EncryptionKey.from_json(msgspec.to_builtins(founder.encryption))
        except SuyuanError as error:
            raise _wrong(f"{founder.uscc}: {error.message()}", f"{founder.uscc}：{error.message('zh')}") from None
        _take(used, encryption.raw, founder.uscc)


def _check_nodes(genesis: Genesis, members: dict[str, FoundingMember], used: set[bytes]) -> None:
    """Nodes: names and members once each, every key of the right type and name, none used twice."""
    for what, values in (
        ("name", [node.name for node in genesis.nodes]),
        ("member", [node.member for node in genesis.nodes]),
    ):
        if len(set(values)) != len(values):
            raise _wrong(f"two nodes of one {what}", f"节点 {what} 重复")
    for node in genesis.nodes:
        if node.member not in members:
            raise _wrong(f"node {node.name} belongs to no member", f"节点 {node.name} 不属于任何成员")
        _take(used, _public(node.service_key, node.name), node.name)
        for text, key_type, name in _node_vkeys(node, genesis.origin):
            try:
                vkey = Vkey.parse(text)
            except SuyuanError as error:
                raise _wrong(
                    f"node {node.name}: {error.message()}", f"节点 {node.name}：{error.message('zh')}"
                ) from None
            if vkey.key_type is not key_type or vkey.name != name:
                raise _wrong(
                    f"node {node.name}: a key must be {name} of type {int(key_type):02x}",
                    f"节点 {node.name}：密钥应为 {name}，类型 {int(key_type):02x}",
                )
            _take(used, vkey.public_key, node.name)


def _node_vkeys(node: Node, origin: str) -> list[tuple[str, KeyType, str]]:
    """Return the vkeys of a node, each with the type and name it must have."""
    cosigner = f"{origin}/{node.name}"
    keys = [
        (node.log_key, KeyType.ED25519, origin),
        (node.cosigner_key, KeyType.ED25519_COSIGNATURE, cosigner),
    ]
    if node.cosigner_pq_key is not None:
        keys.append((node.cosigner_pq_key, KeyType.ML_DSA_44_COSIGNATURE, cosigner))
    return keys


def _check_policy(policy: Policy) -> None:
    holidays, workdays = policy.calendar.holidays, policy.calendar.workdays
    for days in (holidays, workdays):
        if list(days) != sorted(set(days)):
            raise _wrong("days of the calendar must be sorted and unique", "日历中的日期须排序且不重复")
        for day in days:
            try:
                parse_day(day)
            except FormError as error:
                raise _wrong(error.message(), error.message("zh")) from None
    if set(holidays) & set(workdays):
        raise _wrong("a day is both holiday and working day", "同一日期既是节假日又是工作日")
