"""A grant as a W3C ODRL 2.2 agreement in JSON-LD, and back (ODRL Information Model and Vocabulary, 15 February 2018).

| of the grant | in ODRL |
|---|---|
| grantor, grantee | assigner, assignee |
| mode view, query, store | action display, read, archive |
| item, its fields, issuers, references | target: an asset collection with refinements of the profile |
| purpose, valid from and until, count, jurisdictions | constraints purpose, dateTime, count, spatial |
| rate | constraint of the profile: records in a window |
| data life | duty to delete after that time |
| onward | permission to grantUse with a depth of the profile, or prohibition to distribute |

One permission stands for each item. What concerns marks and seeds has no place in a policy and is left out: a grant
read back has none. Terms of our own bear the prefix of the profile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from ledger.exchange.reading import ForeignDocument, after_prefix, list_of, member_of, number_of, text_of
from ledger.kinds.grants import GrantIssue
from ledger.references import ReferenceSet

CONTEXT: Final = "http://www.w3.org/ns/odrl.jsonld"
PROFILE: Final = "urn:suyuan:odrl:1"
GRANT, MEMBER, ITEM, PURPOSE = "urn:suyuan:grant:", "urn:suyuan:member:", "urn:suyuan:item:", "urn:suyuan:purpose:"
AREA: Final = "urn:iso:std:iso:3166:"
_ACTIONS: Final = {"view": "display", "query": "read", "store": "archive"}
_MODES: Final = {action: mode for mode, action in _ACTIONS.items()}

Json = dict[str, object]


def grant_as_odrl(grant: str, grantor: str, payload: GrantIssue) -> Json:
    """Return a grant.issue with its id and signer as an ODRL agreement."""
    scope = payload.scope
    parties: Json = {"assigner": MEMBER + grantor, "assignee": MEMBER + payload.grantee}
    permissions: list[Json] = [
        {
            **parties,
            "action": _ACTIONS[scope.mode],
            "target": _target(payload, item, fields),
            "constraint": _constraints(payload),
            "duty": [{"action": "delete", "constraint": [_limit("elapsedTime", "lteq", _days(payload.data_life))]}],
        }
        for item, fields in sorted(scope.items.items())
    ]
    policy: Json = {
        "@context": [CONTEXT, {"suyuan": PROFILE + "#", "xsd": "http://www.w3.org/2001/XMLSchema#"}],
        "@type": "Agreement",
        "uid": GRANT + grant,
        "profile": PROFILE,
        "permission": permissions,
    }
    targets = [ITEM + item for item in sorted(scope.items)]
    if scope.onward:
        depth = _limit("suyuan:onward", "lteq", scope.onward)
        permissions += [
            {**parties, "action": "grantUse", "target": target, "constraint": [depth]} for target in targets
        ]
    else:
        policy["prohibition"] = [{**parties, "action": "distribute", "target": target} for target in targets]
    if payload.parent is not None:
        policy["suyuan:parent"] = GRANT + payload.parent
    if payload.deliverer is not None:
        policy["suyuan:deliverer"] = MEMBER + payload.deliverer
    if payload.basis is not None:
        policy["suyuan:basis"] = msgspec.to_builtins(payload.basis)
    if payload.consents is not None:
        policy["suyuan:consent"] = list(payload.consents)
    return policy


def grant_from_odrl(policy: object) -> tuple[str, Json]:
    """Return the grantor and the fields of a grant.issue that says what the agreement says.

    Only agreements of our profile are read. Raises `ForeignDocument`.
    """
    if text_of(policy, "policy", "profile") != PROFILE:
        raise ForeignDocument(path="policy.profile", detail=f"it is not {PROFILE}")
    rules = list_of(policy, "policy", "permission")
    uses = [(rule, f"permission[{n}]") for n, rule in enumerate(rules) if _action(rule, n) in _MODES]
    if not uses:
        raise ForeignDocument(path="policy.permission", detail="none permits view, query or storage")
    first, path = uses[0]
    shared = _shared(first, path)
    items: dict[str, list[str]] = {}
    for rule, here in uses:
        if _shared(rule, here) != shared:
            raise ForeignDocument(path=here, detail="its terms differ from the first permission's")
        items |= _items(rule, here)
    grantor, fields, scope = shared
    scope = {**scope, "items": items, "onward": _onward(rules)}
    result: Json = {**fields, "scope": scope}
    for name, prefix in (("parent", GRANT), ("deliverer", MEMBER)):
        if isinstance(policy, Mapping) and f"suyuan:{name}" in policy:
            result[name] = after_prefix(text_of(policy, "policy", f"suyuan:{name}"), prefix, f"policy.suyuan:{name}")
    if isinstance(policy, Mapping) and "suyuan:basis" in policy:
        result["basis"] = policy["suyuan:basis"]
    if isinstance(policy, Mapping) and "suyuan:consent" in policy:
        result["consents"] = list(list_of(policy, "policy", "suyuan:consent"))
    return grantor, result


def _target(payload: GrantIssue, item: str, fields: Iterable[str]) -> Json:
    refinements = [
        _limit("suyuan:field", "isAnyOf", list(fields)),
        _limit("suyuan:issuer", "isAnyOf", [MEMBER + issuer for issuer in payload.scope.issuers]),
    ]
    if payload.scope.references is not None:
        references = ReferenceSet.from_json(payload.scope.references).to_json()
        refinements.append(_limit("suyuan:record", "isAnyOf", references))
    return {"@type": "AssetCollection", "uid": ITEM + item, "refinement": refinements}


def _constraints(payload: GrantIssue) -> list[Json]:
    scope = payload.scope
    found = [
        _limit("purpose", "isA", PURPOSE + scope.purpose),
        _limit("dateTime", "gteq", {"@value": payload.valid_from, "@type": "xsd:dateTime"}),
        _limit("dateTime", "lt", {"@value": payload.valid_until, "@type": "xsd:dateTime"}),
        _limit("spatial", "isAnyOf", [AREA + area for area in scope.jurisdictions]),
    ]
    if scope.count is not None:
        found.append(_limit("count", "lteq", scope.count))
    if scope.rate is not None:
        window = {"@value": f"PT{scope.rate.window}S", "@type": "xsd:duration"}
        found.append({**_limit("suyuan:recordsInWindow", "lteq", scope.rate.count), "suyuan:window": window})
    return found


def _limit(left: str, operator: str, right: object) -> Json:
    return {"leftOperand": left, "operator": operator, "rightOperand": right}


def _days(number: int) -> Json:
    return {"@value": f"P{number}D", "@type": "xsd:duration"}


def _action(rule: object, number: int) -> str:
    return text_of(rule, f"permission[{number}]", "action")


def _operand(rule: object, path: str, member: str, left: str, operator: str) -> object | None:
    """Return the right operand of the one constraint of that kind, None where there is none."""
    found = [
        each
        for each in list_of(rule, path, member)
        if text_of(each, path, "leftOperand") == left and text_of(each, path, "operator") == operator
    ]
    if len(found) > 1:
        raise ForeignDocument(path=f"{path}.{member}", detail=f"{left} stands there twice")
    return member_of(found[0], path, "rightOperand") if found else None


def _needed(rule: object, path: str, member: str, left: str, operator: str) -> object:
    found = _operand(rule, path, member, left, operator)
    if found is None:
        raise ForeignDocument(path=f"{path}.{member}", detail=f"there is no {left} {operator}")
    return found


def _texts(value: object, prefix: str, path: str) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
        raise ForeignDocument(path=path, detail="it is no array of text")
    return [after_prefix(each, prefix, path) for each in value]


def _items(rule: object, path: str) -> dict[str, list[str]]:
    target = member_of(rule, path, "target")
    item = after_prefix(text_of(target, f"{path}.target", "uid"), ITEM, f"{path}.target.uid")
    fields = _needed(target, f"{path}.target", "refinement", "suyuan:field", "isAnyOf")
    return {item: _texts(fields, "", f"{path}.target.refinement")}


def _shared(rule: object, path: str) -> tuple[str, Json, Json]:
    """Return the grantor, and the fields of the grant and of its scope that every permission repeats."""
    grantor = after_prefix(text_of(rule, path, "assigner"), MEMBER, f"{path}.assigner")
    target, where = member_of(rule, path, "target"), f"{path}.target"
    _check_known(rule, path)
    purpose = _needed(rule, path, "constraint", "purpose", "isA")
    scope: Json = {
        "issuers": _texts(_needed(target, where, "refinement", "suyuan:issuer", "isAnyOf"), MEMBER, where),
        "purpose": after_prefix(str(purpose), PURPOSE, f"{path}.constraint"),
        "mode": _MODES[text_of(rule, path, "action")],
        "jurisdictions": _texts(_needed(rule, path, "constraint", "spatial", "isAnyOf"), AREA, path),
    }
    references = _operand(target, where, "refinement", "suyuan:record", "isAnyOf")
    if references is not None:
        scope["references"] = references
    count = _operand(rule, path, "constraint", "count", "lteq")
    if count is not None:
        scope["count"] = count
    scope |= _rate(rule, path)
    duties = list_of(rule, path, "duty")
    if len(duties) != 1 or text_of(duties[0], f"{path}.duty", "action") != "delete":
        raise ForeignDocument(path=f"{path}.duty", detail="it is not the one duty to delete")
    life = _needed(duties[0], f"{path}.duty", "constraint", "elapsedTime", "lteq")
    fields: Json = {
        "grantee": after_prefix(text_of(rule, path, "assignee"), MEMBER, f"{path}.assignee"),
        "valid_from": text_of(_needed(rule, path, "constraint", "dateTime", "gteq"), path, "@value"),
        "valid_until": text_of(_needed(rule, path, "constraint", "dateTime", "lt"), path, "@value"),
        "data_life": _duration(life, "P", "D", f"{path}.duty"),
    }
    return grantor, fields, scope


_KNOWN: Final = frozenset(
    {("purpose", "isA"), ("dateTime", "gteq"), ("dateTime", "lt"), ("spatial", "isAnyOf"), ("count", "lteq"),
     ("suyuan:recordsInWindow", "lteq")}
)  # fmt: skip


def _check_known(rule: object, path: str) -> None:
    """A constraint that is not understood may not be dropped: the grant would be wider than the agreement."""
    for each in list_of(rule, path, "constraint"):
        found = text_of(each, path, "leftOperand"), text_of(each, path, "operator")
        if found not in _KNOWN:
            raise ForeignDocument(path=f"{path}.constraint", detail=f"{found[0]} {found[1]} has no meaning here")


def _rate(rule: object, path: str) -> Json:
    for each in list_of(rule, path, "constraint"):
        if text_of(each, path, "leftOperand") == "suyuan:recordsInWindow":
            window = _duration(member_of(each, path, "suyuan:window"), "PT", "S", path)
            return {"rate": {"count": number_of(each, path, "rightOperand"), "window": window}}
    return {}


def _duration(value: object, begin: str, end: str, path: str) -> int:
    text = after_prefix(text_of(value, path, "@value"), begin, path)
    if not text.endswith(end) or not text[: -len(end)].isascii() or not text[: -len(end)].isdigit():
        raise ForeignDocument(path=path, detail=f"{begin}{text} is no such duration")
    return int(text[: -len(end)])


def _onward(rules: Iterable[object]) -> int:
    """Return the smallest depth of any permission to grant further, 0 where there is none."""
    depths: list[int] = []
    for number, rule in enumerate(rules):
        if _action(rule, number) == "grantUse":
            path = f"permission[{number}]"
            depth = _needed(rule, path, "constraint", "suyuan:onward", "lteq")
            if isinstance(depth, bool) or not isinstance(depth, int):
                raise ForeignDocument(path=path, detail="the depth is no whole number")
            depths.append(depth)
    return min(depths, default=0)
