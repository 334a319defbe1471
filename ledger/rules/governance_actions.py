"""Whether an action fits what stands (GOV-8) and leaves the ledger able to govern itself (GOV-4)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ledger.encoding import decode_base64url
from ledger.errors import SuyuanError, Text
from ledger.kinds.fields import Jwk
from ledger.kinds.governance import (
    AdmitMember,
    AdmitNode,
    DissolveMember,
    PublishCatalogue,
    RemoveNode,
    ReplaceKey,
    RestoreMember,
    SetPolicy,
    SetRoles,
    SuspendMember,
)
from ledger.notes.consortium import quorum_of
from ledger.notes.vkey import Vkey
from ledger.rules.catalogue import check_catalogue
from ledger.rules.founding import check_founder, check_named, check_node, check_policy
from ledger.rules.governance_case import GovernanceCase
from ledger.rules.keys import kid_of, public_of
from ledger.rules.nodes import decided_nodes, effective_nodes
from ledger.rules.registry import RuleError, UnknownReference, broken, rule
from ledger.rules.standing import catalogue, member, policy
from ledger.signed import verify_pop
from ledger.state.tables import KEY, MEMBER, NODE, KeyState
from ledger.state.view import BlockView
from ledger.times import parse_time


def _unfit(en: str, zh: str) -> RuleError:
    return broken("GOV-8", en, zh)


@contextmanager
def _as_at_founding() -> Iterator[None]:
    """Judge what is admitted as a founding document is judged: GOV-1 inside is GOV-8 here, with the same detail."""
    try:
        yield
    except RuleError as error:
        if error.rule != "GOV-1":
            raise
        raise _unfit(error.detail.en, error.detail.zh) from error


@rule(
    "GOV-8",
    demand=Text(
        "An action must fit what stands, when it is proposed and again when it takes effect",
        "决定事项须与账本现状相符，提案时与生效时均须核查",
    ),
    next_step=Text("Read the present state and propose what fits it.", "请核对现状后重新提案。"),
)
def gov_8(case: GovernanceCase) -> None:
    """GOV-8: each action by its own function below; a catalogue by CAT-1, CAT-2 and CAT-3."""
    if case.proposal is not None and not case.passes:
        return
    action = case.action
    if isinstance(action, AdmitMember):
        _check_admission(case, action)
    elif isinstance(action, AdmitNode):
        _check_node(case, action)
    elif isinstance(action, RemoveNode):
        _check_leaving(case, action)
    elif isinstance(action, PublishCatalogue):
        _check_catalogue(case, action)
    elif isinstance(action, SetPolicy):
        _check_policy(case, action)
    else:
        _check_change(case, action)


def _check_admission(case: GovernanceCase, action: AdmitMember) -> None:
    founder = action.member
    if case.view.find(MEMBER, "", founder.uscc) is not None:
        raise _unfit(f"{founder.uscc} is or was a member", f"{founder.uscc} 已是或曾是成员")
    with _as_at_founding():
        check_founder(founder, _used_keys(case.view))
    if len(action.proofs) != len(founder.keys):
        raise _unfit("there is not one proof for each signing key", "持有证明与签名密钥数量不符")
    for key, proof in zip(founder.keys, action.proofs, strict=True):
        _check_possession(case, key, proof, founder.uscc, kid_of(key))


def _check_possession(case: GovernanceCase, key: Jwk, proof: str, uscc: str, old_kid: str) -> None:
    try:
        verify_pop(
            decode_base64url(proof),
            public_of(key),
            origin=case.context.origin,
            member=uscc,
            old_kid=decode_base64url(old_kid),
        )
    except SuyuanError as error:
        raise _unfit(f"proof of possession: {error.message()}", f"持有证明：{error.message('zh')}") from None


def _used_keys(view: BlockView) -> set[bytes]:
    """Return every raw public key that any member or node has or had: a key serves one purpose, once."""
    used = {_raw(row.key) for _, row in view.scan(KEY)}
    for _, row in view.scan(NODE):
        node = row.node
        used.add(_raw(node.service_key))
        for text in (node.log_key, node.cosigner_key, node.cosigner_pq_key):
            if text is not None:
                used.add(Vkey.parse(text).public_key)
    return used


def _raw(key: Jwk) -> bytes:
    """Return the raw public key of a registered key, which was checked then."""
    return decode_base64url(key.x) + (b"" if key.y is None else decode_base64url(key.y))


def _check_change(
    case: GovernanceCase, action: SuspendMember | RestoreMember | DissolveMember | ReplaceKey | SetRoles
) -> None:
    """Check a change of one member: it is there, not dissolved, and not yet as the action would have it."""
    standing = member(case.view, action.member)
    if standing.status == "dissolved":
        raise _unfit(f"{standing.uscc} is dissolved", f"{standing.uscc} 已解散")
    if isinstance(action, SuspendMember) and standing.status != "active":
        raise _unfit(f"{standing.uscc} is {standing.status}", f"{standing.uscc} 的状态为 {standing.status}")
    if isinstance(action, RestoreMember) and standing.status != "suspended":
        raise _unfit(f"{standing.uscc} is {standing.status}", f"{standing.uscc} 的状态为 {standing.status}")
    if isinstance(action, DissolveMember):
        _check_dissolution(case, action)
    if isinstance(action, ReplaceKey):
        _check_key(case, action)
    if isinstance(action, SetRoles):
        if list(action.roles) != sorted(set(action.roles)):
            raise _unfit("roles must be sorted and unique", "角色须排序且不重复")
        if tuple(action.roles) == standing.roles:
            raise _unfit(f"{standing.uscc} has these roles", f"{standing.uscc} 已具有这些角色")


def _check_dissolution(case: GovernanceCase, action: DissolveMember) -> None:
    heir = action.successor or action.custodian
    if heir is None or (action.successor is not None and action.custodian is not None):
        raise _unfit("one of successor and custodian is to be named", "须指定继受方或保管方之一")
    if heir == action.member or member(case.view, heir).status != "active":
        raise _unfit(f"{heir} is not another active member", f"{heir} 不是其他正常状态的成员")
    for name, node in decided_nodes(case.view).items():
        if node.member == action.member:
            raise _unfit(f"it runs node {name}, which is to be removed first", f"其节点 {name} 须先移除")


def _check_key(case: GovernanceCase, action: ReplaceKey) -> None:
    old = case.view.find(KEY, "", action.old)
    if old is None:
        raise UnknownReference(field="action.old", name=action.old, kind="key")
    if old.member != action.member:
        raise _unfit("the key belongs to another member", "该密钥属于其他成员")
    if old.revoked_index is not None:
        raise _unfit("the key is revoked already", "该密钥已被吊销")
    if action.suspect_from is not None and parse_time(action.suspect_from) > case.context.time:
        raise _unfit("suspect_from lies after this block", "可疑起始时间晚于本区块")
    if action.key is None:
        if action.pop is not None:
            raise _unfit("a proof stands without a key", "未附新密钥却附有持有证明")
        return
    _check_new_key(case, action, action.key, old)


def _check_new_key(case: GovernanceCase, action: ReplaceKey, key: Jwk, old: KeyState) -> None:
    if (key.crv == "X25519") != (old.use == "encrypt"):
        raise _unfit("the new key has another use", "新密钥用途不同")
    kid = kid_of(key)
    if _raw(key) in _used_keys(case.view):
        raise _unfit(f"key {kid} is registered already", f"密钥 {kid} 已登记")
    if (action.pop is None) != (old.use == "encrypt"):
        raise _unfit("a signing key, and no other, has a proof", "签名密钥须附持有证明，其他密钥不得附")
    if action.pop is not None:
        _check_possession(case, key, action.pop, action.member, action.old)


def _check_node(case: GovernanceCase, action: AdmitNode) -> None:
    node = action.node
    if case.view.find(NODE, "", node.name) is not None:
        raise _unfit(f"the name {node.name} was used", f"节点名 {node.name} 已被使用")
    if member(case.view, node.member).status != "active":
        raise _unfit(f"{node.member} is not active", f"{node.member} 不是正常状态")
    if any(other.member == node.member for other in decided_nodes(case.view).values()):
        raise _unfit(f"{node.member} runs a node", f"{node.member} 已有节点")
    with _as_at_founding():
        check_node(node, case.context.origin, _used_keys(case.view))


def _check_leaving(case: GovernanceCase, action: RemoveNode) -> None:
    row = case.view.find(NODE, "", action.node)
    if row is None:
        raise UnknownReference(field="action.node", name=action.node, kind="node")
    if not row.active:
        raise _unfit(f"node {action.node} was removed", f"节点 {action.node} 已移除")


def _check_catalogue(case: GovernanceCase, action: PublishCatalogue) -> None:
    check_catalogue(action.catalogue, catalogue(case.view))
    standing = {uscc: row.roles for uscc, row in case.view.scan(MEMBER) if row.status != "dissolved"}
    with _as_at_founding():
        check_named(action.catalogue, standing)


def _check_policy(case: GovernanceCase, action: SetPolicy) -> None:
    with _as_at_founding():
        check_policy(action.policy)
    if action.policy == policy(case.view):
        raise _unfit("this policy is in force", "该政策已在施行")


@rule(
    "GOV-4",
    demand=Text(
        "There are never fewer active regulators than the threshold, nor fewer nodes than the quorum of those before",
        "正常状态的监管成员不得少于门限，节点不得少于变更前的法定数",
    ),
    next_step=Text("Add a regulator or node, or lower the threshold, first.", "请先增加监管成员或节点，或降低门限。"),
)
def gov_4(case: GovernanceCase) -> None:
    """GOV-4: the threshold is at least one. What a removal leaves must be able to sign the block that decides it."""
    if case.proposal is not None and not case.passes:
        return
    action = case.action
    threshold = action.policy.governance_threshold if isinstance(action, SetPolicy) else _threshold(case)
    left = _regulators_after(case)
    if len(left) < threshold:
        raise broken(
            "GOV-4",
            f"{len(left)} regulators for a threshold of {threshold}",
            f"监管成员 {len(left)} 个，门限 {threshold}",
        )
    if isinstance(action, RemoveNode):
        before = effective_nodes(case.view)
        staying = (before.keys() & decided_nodes(case.view).keys()) - {action.node}
        if len(staying) < quorum_of(len(before)):
            raise broken(
                "GOV-4",
                f"{len(staying)} of {len(before)} nodes would stay, {quorum_of(len(before))} are a quorum",
                f"{len(before)} 个节点中将剩 {len(staying)} 个，法定数为 {quorum_of(len(before))}",
            )


def _threshold(case: GovernanceCase) -> int:
    return policy(case.view).governance_threshold


def _regulators_after(case: GovernanceCase) -> frozenset[str]:
    """Return the active regulators after the action."""
    action, left = case.action, case.regulators
    if isinstance(action, SuspendMember | DissolveMember):
        return left - {action.member}
    if isinstance(action, SetRoles) and "regulator" not in action.roles:
        return left - {action.member}
    return left


__all__ = ["gov_4", "gov_8"]
