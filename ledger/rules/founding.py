"""The genesis document as a whole: GOV-1."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import msgspec

from ledger.codes import check_uscc
from ledger.errors import FormError, SuyuanError, Text
from ledger.keys import EncryptionKey, PublicKey
from ledger.kinds.fields import Jwk
from ledger.kinds.genesis import Catalogue, FoundingMember, Genesis, Node, Policy
from ledger.notes.vkey import KeyType, Vkey
from ledger.rules.registry import RuleError, broken, rule
from ledger.times import parse_day, parse_time


@dataclass(frozen=True, slots=True)
class GenesisCase:
    """A genesis document to judge."""

    genesis: Genesis


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
        check_founder(founder, used)
    regulators = sum("regulator" in founder.roles for founder in genesis.members)
    if not genesis.policy.governance_threshold <= regulators:
        raise _wrong(
            f"{regulators} regulators for a threshold of {genesis.policy.governance_threshold}",
            f"监管成员 {regulators} 个，低于门限 {genesis.policy.governance_threshold}",
        )
    _check_nodes(genesis, members, used)
    check_policy(genesis.policy)
    check_named(genesis.catalogue, {uscc: founder.roles for uscc, founder in members.items()})


def check_named(catalogue: Catalogue, members: Mapping[str, Collection[str]]) -> None:
    """Check that a catalogue names members only (given with their roles), sources with that role; raises GOV-1."""
    for item in catalogue.items:
        for source in item.sources:
            if "source" not in members.get(source, ()):
                raise _wrong(f"{source} is no source but makes {item.code}", f"{source} 不是 {item.code} 的来源成员")
        if item.repair_authority is not None and item.repair_authority not in members:
            raise _wrong(f"{item.code} is repaired by no member", f"{item.code} 的修复机关不是成员")
    for entry in (*catalogue.lists, *catalogue.measures):
        if entry.authority not in members:
            raise _wrong(f"{entry.code} has an authority that is no member", f"{entry.code} 的认定机关不是成员")


def _wrong(en: str, zh: str) -> RuleError:
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


def check_founder(founder: FoundingMember, used: set[bytes]) -> None:
    """Check code, roles and keys of a new member, and note its keys in `used` (raw public keys); raises GOV-1."""
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
        check_node(node, genesis.origin, used)


def check_node(node: Node, origin: str, used: set[bytes]) -> None:
    """Check the keys of a node, and note them in `used`; raises GOV-1."""
    _take(used, _public(node.service_key, node.name), node.name)
    for text, key_type, name in _node_vkeys(node, origin):
        try:
            vkey = Vkey.parse(text)
        except SuyuanError as error:
            raise _wrong(f"node {node.name}: {error.message()}", f"节点 {node.name}：{error.message('zh')}") from None
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


def check_policy(policy: Policy) -> None:
    """Check the calendar of a policy; raises GOV-1."""
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
