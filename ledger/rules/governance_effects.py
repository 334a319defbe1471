"""What an action changes when it takes effect, and the append-only rows that say so at every later head."""

from __future__ import annotations

import msgspec

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
from ledger.rules.governance_case import GovernanceCase
from ledger.rules.keys import kid_of, revoke_key, undo_rotation
from ledger.rules.standing import member
from ledger.state.effects import Effects
from ledger.state.governance_tables import (
    HEIR,
    MEMBER_EVENT,
    NODE_EVENT,
    HeirState,
    MemberEventState,
    NodeEventState,
    event_suffix,
)
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
)


def put_into_effect(case: GovernanceCase, effects: Effects) -> None:
    """Add the changes of the action that this vote decides."""
    action = case.action
    if isinstance(action, AdmitMember):
        _admit(case, effects, action)
    elif isinstance(action, SuspendMember):
        _change(case, effects, action.member, status="suspended")
    elif isinstance(action, RestoreMember):
        _change(case, effects, action.member, status="active")
    elif isinstance(action, DissolveMember):
        _dissolve(case, effects, action)
    elif isinstance(action, SetRoles):
        _change(case, effects, action.member, roles=tuple(action.roles))
    elif isinstance(action, ReplaceKey):
        _replace_key(case, effects, action)
    elif isinstance(action, AdmitNode):
        effects.put(NODE, "", NodeState(node=action.node, active=True), action.node.name)
        _node_event(case, effects, action.node.name, joined=True)
    elif isinstance(action, RemoveNode):
        _remove_node(case, effects, action)
    elif isinstance(action, PublishCatalogue):
        published = CatalogueState(catalogue=action.catalogue, index=case.context.index)
        effects.put(CATALOGUE, "", published)
        effects.put(CATALOGUE, "", published, str(action.catalogue.version))
    else:
        _set_policy(case, effects, action)


def _admit(case: GovernanceCase, effects: Effects, action: AdmitMember) -> None:
    founder, context = action.member, case.context
    after = MemberState(
        uscc=founder.uscc,
        name_zh=founder.name.zh,
        name_en=founder.name.en,
        roles=tuple(founder.roles),
        jurisdiction=founder.jurisdiction,
        status="active",
        encryption=founder.encryption,
    )
    effects.put(MEMBER, "", after, founder.uscc)
    for key in [*founder.keys, *([] if founder.encryption is None else [founder.encryption])]:
        row = KeyState(
            member=founder.uscc,
            use="encrypt" if key.crv == "X25519" else "sign",
            key=key,
            kinds=None,
            active_from=context.time,
            added_index=context.index,
        )
        effects.put(KEY, "", row, kid_of(key))
    _member_event(case, effects, None, after)


def _change(case: GovernanceCase, effects: Effects, uscc: str, **changes: object) -> None:
    before = member(case.view, uscc)
    after = msgspec.structs.replace(before, **changes)
    effects.put(MEMBER, "", after, uscc)
    _member_event(case, effects, before, after)


def _dissolve(case: GovernanceCase, effects: Effects, action: DissolveMember) -> None:
    context, heir = case.context, action.successor or action.custodian
    assert heir is not None, "GOV-8 has seen one"
    left = HeirState(
        heir=heir,
        capacity="custodian" if action.successor is None else "successor",
        by=context.id,
        index=context.index,
    )
    effects.put(HEIR, "", left, action.member)
    before = member(case.view, action.member)
    after = msgspec.structs.replace(before, status="dissolved")
    effects.put(MEMBER, "", after, action.member)
    _member_event(case, effects, before, after, heir=left)


def _replace_key(case: GovernanceCase, effects: Effects, action: ReplaceKey) -> None:
    """Revoke the key, whoever has its secret: a rotation that waits goes with it, as nobody knows who asked for it."""
    view, context = case.view, case.context
    old = view.find(KEY, "", action.old)
    assert old is not None, "GOV-8 found it"
    if old.replaced_by is not None and old.retires_at is not None and context.time < old.retires_at:
        old = undo_rotation(effects, view, action.old, old)
    revoke_key(effects, view, context, action.old, old, action.suspect_from)
    holder = member(view, action.member)
    new_kid = ""
    if action.key is not None:
        new_kid = kid_of(action.key)
        row = KeyState(
            member=action.member,
            use=old.use,
            key=action.key,
            kinds=old.kinds,
            active_from=context.time,
            added_index=context.index,
        )
        effects.put(KEY, "", row, new_kid)
        if holder.encryption == old.key:
            effects.put(MEMBER, "", msgspec.structs.replace(holder, encryption=action.key), action.member)
    _member_event(case, effects, holder, holder, kids=(action.old, new_kid))


def _member_event(
    case: GovernanceCase,
    effects: Effects,
    before: MemberState | None,
    after: MemberState,
    *,
    heir: HeirState | None = None,
    kids: tuple[str, str] | None = None,
) -> None:
    context = case.context
    event = MemberEventState(
        member=after.uscc,
        act=case.action.__struct_config__.tag,  # type: ignore[arg-type]  # the tags are the literals of Act.
        proposal=case.proposal_id,
        by=context.id,
        index=context.index,
        time=context.time,
        status_before=None if before is None else before.status,
        roles_before=() if before is None else before.roles,
        status=after.status,
        roles=after.roles,
        heir=None if heir is None else heir.heir,
        capacity=None if heir is None else heir.capacity,
        old_kid=None if kids is None else kids[0],
        new_kid=None if kids is None else kids[1],
    )
    effects.put(MEMBER_EVENT, "", event, event_suffix(after.uscc, context.index))


def _remove_node(case: GovernanceCase, effects: Effects, action: RemoveNode) -> None:
    row = case.view.find(NODE, "", action.node)
    assert row is not None, "GOV-8 found it"
    effects.put(NODE, "", msgspec.structs.replace(row, active=False), action.node)
    _node_event(case, effects, action.node, joined=False)


def _node_event(case: GovernanceCase, effects: Effects, name: str, *, joined: bool) -> None:
    context = case.context
    event = NodeEventState(
        node=name, joined=joined, proposal=case.proposal_id, by=context.id, index=context.index, time=context.time
    )
    effects.put(NODE_EVENT, "", event, event_suffix(name, context.index))


def _set_policy(case: GovernanceCase, effects: Effects, action: SetPolicy) -> None:
    """Put the new policy, and keep the one before under the index from which it was in force."""
    former = case.view.find(POLICY, "")
    assert former is not None, "genesis sets the policy"
    effects.put(POLICY, "", former, f"{former.index:012d}")
    effects.put(POLICY, "", PolicyState(policy=action.policy, index=case.context.index))
