"""A grant with its ancestors: loading the chain, its scope, and whether it is alive at a block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ledger.kinds.grants import GrantIssue
from ledger.references import ReferenceSet
from ledger.rules.loading import peek
from ledger.rules.registry import UnknownReference
from ledger.rules.succession import inheritor
from ledger.scope import OutsideScope, Scope
from ledger.state.tables import GRANT, GrantState
from ledger.state.view import BlockView, Need
from ledger.times import parse_time


@dataclass(frozen=True, slots=True)
class Authority:
    """A grant and its ancestors, the grant itself first, then nearest first.

    `grantors` are who stands in the place of each one's grantor now (None: nobody), `left_by` the grant whose grantor
    or grantee was dissolved without a successor, and that member, where there is one.
    """

    id: str
    chain: tuple[tuple[str, GrantState], ...]
    grantors: tuple[str | None, ...]
    left_by: tuple[str, str] | None

    @property
    def grant(self) -> GrantState:
        """The grant itself."""
        return self.chain[0][1]

    @property
    def scope(self) -> Scope:
        """What the grant allows."""
        return scope_of(self.grant)


def scope_of(grant: GrantState) -> Scope:
    """Return the scope of a logged grant."""
    stated = grant.scope
    return Scope(
        issuers=tuple(stated.issuers),
        items={item: tuple(fields) for item, fields in stated.items.items()},
        references=None if stated.references is None else ReferenceSet.from_json(stated.references),
        purpose=stated.purpose,
        grantee=grant.grantee,
        mode=stated.mode,
        valid_from=grant.valid_from,
        valid_until=grant.valid_until,
        data_life=grant.data_life,
        onward=stated.onward,
        jurisdictions=tuple(stated.jurisdictions),
        count=stated.count,
        rate=stated.rate,
    )


def scope_asked(payload: GrantIssue) -> Scope:
    """Return the scope that a grant.issue asks for; raises ReferenceSetMalformed or TimeError."""
    stated = payload.scope
    return Scope(
        issuers=tuple(stated.issuers),
        items={item: tuple(fields) for item, fields in stated.items.items()},
        references=None if stated.references is None else ReferenceSet.from_json(stated.references),
        purpose=stated.purpose,
        grantee=payload.grantee,
        mode=stated.mode,
        valid_from=parse_time(payload.valid_from),
        valid_until=parse_time(payload.valid_until),
        data_life=payload.data_life,
        onward=stated.onward,
        jurisdictions=tuple(stated.jurisdictions),
        count=stated.count,
        rate=stated.rate,
    )


def chain_needs(view: BlockView, grant: str) -> Iterator[Need]:
    """Name the rows of a grant and, once it is loaded, of its ancestors."""
    yield Need("grant", grant)
    found = peek(view, GRANT, grant)
    for ancestor in found.ancestors if found else ():
        yield Need("grant", ancestor)


def authority(view: BlockView, grant: str, field: str) -> Authority:
    """Return a grant with its ancestors; raises UnknownReference, naming `field`."""
    found = view.find(GRANT, grant)
    if found is None:
        raise UnknownReference(field=field, name=grant, kind="grant.issue")
    chain = [(grant, found)]
    for ancestor in found.ancestors:
        above = view.find(GRANT, ancestor)
        assert above is not None, "a grant is admitted only inside a logged parent"
        chain.append((ancestor, above))
    parties = [(id_, uscc) for id_, held in chain for uscc in (held.grantor, held.grantee)]
    left_by = next(((id_, uscc) for id_, uscc in parties if inheritor(view, uscc) is None), None)
    return Authority(grant, tuple(chain), tuple(inheritor(view, held.grantor) for _, held in chain), left_by)


def check_not_revoked(held: Authority, time: int) -> None:
    """Check that neither the grant nor an ancestor is revoked at `time` (ms); raises OutsideScope."""
    for id_, grant in held.chain:
        if grant.revoked is not None and grant.revoked.at <= time:
            whose = ("the grant", "该授权") if id_ == held.id else (f"its ancestor {id_}", f"其上级授权 {id_}")
            raise OutsideScope("revocation", f"{whose[0]} is revoked", f"{whose[1]}已被撤销")


def check_stands(held: Authority, time: int) -> None:
    """Check that neither a revocation at `time` (ms) nor the dissolution of a party ended the grant or an ancestor.

    A successor keeps it standing, and takes the place of a grantor. Raises OutsideScope.
    """
    check_not_revoked(held, time)
    if held.left_by is not None:
        id_, uscc = held.left_by
        whose = ("the grant", "该授权") if id_ == held.id else (f"its ancestor {id_}", f"其上级授权 {id_}")
        raise OutsideScope(
            "revocation",
            f"{whose[0]} ended when {uscc} was dissolved without a successor",
            f"{whose[1]}因 {uscc} 解散且无继受方而终止",
        )


def check_live(held: Authority, time: int) -> None:
    """Check that the grant stands, is accepted and in its time at `time` (ms), and its ancestors likewise.

    A grant lives from `valid_from` to just before `valid_until`. Raises OutsideScope.
    """
    check_stands(held, time)
    for id_, grant in held.chain:
        whose = ("the grant", "该授权") if id_ == held.id else (f"its ancestor {id_}", f"其上级授权 {id_}")
        if grant.accepted is None:
            raise OutsideScope("acceptance", f"{whose[0]} is not accepted", f"{whose[1]}尚未被接受")
        if time < grant.valid_from:
            raise OutsideScope("time", f"{whose[0]} has not begun", f"{whose[1]}尚未生效")
        if time >= grant.valid_until:
            raise OutsideScope("time", f"{whose[0]} has expired", f"{whose[1]}已过期")
