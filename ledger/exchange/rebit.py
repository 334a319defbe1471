"""A consent artefact with the field names of India's account aggregators (ReBIT, NBFC-AA 1.1.2 to 2.0) as a grant.

The artefact's `ConsentDetail` names parties, data and purpose by codes of its own; `RebitTerms` says what each is here.
Nothing that names the customer or an account is read: persons are named on the ledger by references only, which the
caller gives. What has no counterpart is told, never dropped in silence.

| ConsentDetail | grant.issue |
|---|---|
| DataProvider.id, DataConsumer.id | grantor, grantee |
| consentMode VIEW, QUERY, STORE | scope.mode (STREAM has no counterpart) |
| fiTypes | scope.items |
| Purpose.code | scope.purpose |
| consentStart, consentExpiry | valid_from, valid_until (cut to the second) |
| DataLife.unit, .value | data_life in days (INF has no counterpart) |
| fetchType, Frequency.unit, .value | count once, or a rate: each fetch takes every reference |
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ledger.exchange.reading import ForeignDocument, list_of, member_of, number_of, text_of
from ledger.references import ReferenceSet
from ledger.times import format_time

_MODES: Final = {"VIEW": "view", "QUERY": "query", "STORE": "store"}
_LIFE_DAYS: Final = {"DAY": 1, "MONTH": 30, "YEAR": 365}
"""Months and years are cut to the days that every one of them has, so that no data life grows by the conversion."""
_WINDOW_SECONDS: Final = {"HOUR": 3600, "DAY": 86_400, "MONTH": 31 * 86_400, "YEAR": 366 * 86_400}
"""Windows are as long as the longest month or year, so that no rate grows by the conversion."""
_NOT_TAKEN: Final = ("Accounts", "Customer", "DataFilter", "FIDataRange", "consentTypes")

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class RebitTerms:
    """What the artefact's codes are here: members by party id, item and fields by FI type, purposes by code.

    `references` are the records of the customer; `jurisdictions` and `consents` as a grant states them.
    """

    members: Mapping[str, str]
    items: Mapping[str, tuple[str, tuple[str, ...]]]
    purposes: Mapping[str, str]
    references: ReferenceSet
    jurisdictions: tuple[str, ...]
    consents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RebitGrant:
    """The grantor, the fields of its grant.issue, and the members of the artefact that have no counterpart."""

    grantor: str
    fields: Json
    left_out: tuple[str, ...]


def grant_from_rebit(artefact: object, terms: RebitTerms) -> RebitGrant:
    """Return the grant that a consent artefact (its `ConsentDetail`, or an object that has one) asks for.

    Raises `ForeignDocument` for what is missing, unknown to `terms`, or has no counterpart and cannot be left out.
    """
    has_detail = isinstance(artefact, Mapping) and "ConsentDetail" in artefact
    detail = member_of(artefact, "artefact", "ConsentDetail") if has_detail else artefact
    grantor = _member(detail, "DataProvider", terms)
    mode = text_of(detail, "ConsentDetail", "consentMode")
    if mode not in _MODES:
        raise ForeignDocument(path="ConsentDetail.consentMode", detail=f"{mode[:40]} has no counterpart")
    scope: Json = {
        "issuers": [grantor],
        "items": _items(detail, terms),
        "purpose": _purpose(detail, terms),
        "mode": _MODES[mode],
        "onward": 0,
        "jurisdictions": sorted(terms.jurisdictions),
        "references": terms.references.to_json(),
        **_limits(detail, terms.references.count),
    }
    fields: Json = {
        "grantee": _member(detail, "DataConsumer", terms),
        "scope": scope,
        "valid_from": _time(detail, "consentStart"),
        "valid_until": _time(detail, "consentExpiry"),
        "data_life": _life(detail),
        "consents": sorted(terms.consents),
    }
    left_out = tuple(name for name in _NOT_TAKEN if isinstance(detail, Mapping) and name in detail)
    return RebitGrant(grantor, fields, left_out)


def _member(detail: object, name: str, terms: RebitTerms) -> str:
    party = text_of(member_of(detail, "ConsentDetail", name), f"ConsentDetail.{name}", "id")
    if party not in terms.members:
        raise ForeignDocument(path=f"ConsentDetail.{name}.id", detail="it names no member")
    return terms.members[party]


def _purpose(detail: object, terms: RebitTerms) -> str:
    code = text_of(member_of(detail, "ConsentDetail", "Purpose"), "ConsentDetail.Purpose", "code")
    if code not in terms.purposes:
        raise ForeignDocument(path="ConsentDetail.Purpose.code", detail=f"{code[:40]} is no purpose here")
    return terms.purposes[code]


def _items(detail: object, terms: RebitTerms) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for name in list_of(detail, "ConsentDetail", "fiTypes"):
        if not isinstance(name, str) or name not in terms.items:
            raise ForeignDocument(path="ConsentDetail.fiTypes", detail=f"{str(name)[:40]} is no item here")
        item, fields = terms.items[name]
        found.setdefault(item, set()).update(fields)
    if not found:
        raise ForeignDocument(path="ConsentDetail.fiTypes", detail="it names nothing")
    return {item: sorted(fields) for item, fields in sorted(found.items())}


def _limits(detail: object, records: int) -> Json:
    kind = text_of(detail, "ConsentDetail", "fetchType")
    if kind == "ONETIME":
        return {"count": records}
    if kind != "PERIODIC":
        raise ForeignDocument(path="ConsentDetail.fetchType", detail=f"{kind[:40]} has no counterpart")
    path = "ConsentDetail.Frequency"
    frequency = member_of(detail, "ConsentDetail", "Frequency")
    unit = text_of(frequency, path, "unit")
    if unit not in _WINDOW_SECONDS:
        raise ForeignDocument(path=f"{path}.unit", detail=f"{unit[:40]} has no counterpart")
    value = number_of(frequency, path, "value")
    if value < 1:
        raise ForeignDocument(path=f"{path}.value", detail="it is less than one")
    return {"rate": {"count": value * records, "window": _WINDOW_SECONDS[unit]}}


def _life(detail: object) -> int:
    path = "ConsentDetail.DataLife"
    life = member_of(detail, "ConsentDetail", "DataLife")
    unit = text_of(life, path, "unit")
    if unit not in _LIFE_DAYS:
        raise ForeignDocument(path=f"{path}.unit", detail=f"{unit[:40]} has no counterpart")
    value = number_of(life, path, "value")
    if value < 1:
        raise ForeignDocument(path=f"{path}.value", detail="nothing could be kept")
    return value * _LIFE_DAYS[unit]


def _time(detail: object, name: str) -> str:
    text = text_of(detail, "ConsentDetail", name)
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ForeignDocument(path=f"ConsentDetail.{name}", detail="it is no time of ISO 8601") from None
    if parsed.tzinfo is None:
        raise ForeignDocument(path=f"ConsentDetail.{name}", detail="it names no offset from UTC")
    return format_time(int(parsed.astimezone(UTC).timestamp()) * 1000)
