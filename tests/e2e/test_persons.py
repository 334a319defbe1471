"""Nothing lists, counts, ranks, exports or joins persons: asked of every route of a running node, by every role.

A link is what a record of a person carries for its subject. It stands in the record's own statement. Who may read that
statement (its signer, who was handed the record, an auditor) sees the link there and in the record's state, and nobody
sees one anywhere else.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from api.app import describe_only
from api.openapi import document
from clients.gateway.records import BuiltRecord, LinkingKey, LinkingKeys, NewRecord, build_record
from ledger.codes import fictional_resident_number
from ledger.commitment import RecordForm
from ledger.encoding import base64url
from ledger.subject import subject_tag
from ledger.times import DAY_MS, day_of, format_time
from tests.e2e.asking import Asker, asked_node, check_problem
from tests.e2e.test_access import now_ms
from tests.world import digest_of
from tests.world_genesis import MEMBERS, uscc_of

KEY = bytes(range(32))
LINKING = LinkingKeys(persons=LinkingKey(1, KEY))
FORM = RecordForm(
    "credit_person", 1, ("duration", "amount", "installment_rate", "existing_credits", "sex_status", "foreign")
)
ITEMS = {"credit_person": ["amount", "duration"]}
NUMBERS = {"one": fictional_resident_number(1), "other": fictional_resident_number(2)}
TAGS = {name: subject_tag(KEY, "person", number) for name, number in NUMBERS.items()}
STATUTE = {"rank": "law", "document": "Example Law", "article": "1"}
CALLERS = (*(name for name in MEMBERS if name not in ("source_b", "regulator_b", "verifier_b", "buyer")), None)
"""One member of each role, and nobody."""
OWN_ROUTES = {"/v1/statements/{id}", "/v1/statements/{id}/info", "/v1/records/{id}"}
"""Where a record's own link stands, for who may read the record."""
FORBIDDEN_WORDS = ("person", "people", "search", "rank", "score", "count", "export")
_draw = itertools.count(1)


def drawn(size: int) -> bytes:
    """Return bytes that differ each time."""
    return bytes.fromhex(digest_of(f"drawn {next(_draw)}"))[:size]


@dataclass(frozen=True)
class Told:
    """Links by the id of the record that carries each; ids of everything, and the one record that was handed over."""

    links: dict[str, bytes]
    ids: tuple[str, ...]
    handed: str


def record_of(built: BuiltRecord) -> dict[str, object]:
    """Return the record.submit payload of a built record."""
    return {
        "item": "credit_person", "catalogue": 1,
        "subject": {"class": "person", "value": built.subject.value, "epoch": 1},
        "commitment": built.commitment.hex(), "event_day": day_of(now_ms()),
        "retention_end": day_of(now_ms() + 700 * DAY_MS),
    }  # fmt: skip


def granted() -> dict[str, object]:
    """Return a grant over persons' records on a statutory basis."""
    scope = {"issuers": [uscc_of("source")], "items": ITEMS, "purpose": "credit.lending", "mode": "store", "onward": 0,
             "jurisdictions": ["CN"]}  # fmt: skip
    return {"grantee": uscc_of("lender"), "scope": scope, "valid_from": format_time(now_ms() - DAY_MS),
            "valid_until": format_time(now_ms() + 30 * DAY_MS), "data_life": 30, "basis": STATUTE}  # fmt: skip


def tell(ask: Asker) -> Told:
    """Two records of one person and one of another; the first is handed over, asked about, consented to, disputed."""
    built = [build_record(NewRecord("person", NUMBERS[name], {"amount": 1}), FORM, LINKING, drawn)
             for name in ("one", "one", "other")]  # fmt: skip
    records = [ask.admit("source", "record.submit", record_of(one)) for one in built]
    first = records[0]
    grant = ask.admit("source", "grant.issue", granted())
    acceptance = ask.admit("lender", "grant.accept", {"grant": grant})
    offer = ask.admit("source", "transfer.offer", {
        "grant": grant, "acceptance": acceptance, "receiver": uscc_of("lender"), "references": [[first, []]],
        "items": ITEMS, "purpose": "credit.lending", "content_root": digest_of("content"),
        "key_commitment": digest_of("key"), "ciphertext": digest_of("ciphertext"), "size": 1000,
        "deadline": format_time(now_ms() + DAY_MS),
    })  # fmt: skip
    taken = {"offer": offer, "ciphertext": digest_of("ciphertext"), "receiver_key": base64url(drawn(32))}
    ask.admit("lender", "transfer.accept", taken)
    ask.admit("source", "transfer.release", {"offer": offer, "sealed_key": "c2VhbGVk"})
    covering = {"purpose": "credit", "evidence": digest_of("e"), "until": format_time(now_ms() + 30 * DAY_MS)}
    mandate = ask.admit("agent", "mandate.open", covering | {"references": [[first, []]]})
    request = ask.admit(
        "agent", "access.request", {"holder": uscc_of("source"), "scope": digest_of("scope"), "mandate": mandate}
    )
    dispute = ask.admit("agent", "record.dispute", {"about": first, "ground": digest_of("g"), "mandate": mandate})
    erasure = ask.admit("source", "erasure.request", {"references": [[records[1], []]], "ground": "retention"})
    ids = (*records, grant, offer, mandate, request, dispute, erasure)
    links = {id_: bytes.fromhex(one.subject.value) for id_, one in zip(records, built, strict=True)}
    return Told(links, ids, first)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("persons") / "node"


@pytest.fixture(scope="module")
def ask(folder: Path) -> Iterator[Asker]:
    with asked_node(folder) as asker:
        yield asker


@pytest.fixture(scope="module")
def told(ask: Asker) -> Told:
    return tell(ask)


def forms(value: bytes) -> tuple[bytes, ...]:
    """Return the forms in which an answer could carry 32 bytes."""
    return (value, value.hex().encode(), base64url(value).encode())


def carried(content: bytes, told: Told) -> set[str]:
    """Return the records whose links an answer carries."""
    return {id_ for id_, link in told.links.items() if any(form in content for form in forms(link))}


def requests_of(path: str, described: dict[str, object], told: Told) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield paths and queries for a documented route, with every value that its parameters may take here."""
    values = {
        "id": told.ids, "reference": (*told.links, told.ids[4]), "hash": [digest_of("ciphertext")], "level": ["0"],
        "uscc": [uscc_of("source")], "index": ["1"], "site": ["credit.example"],
        "tile": ["000.p/1"] if "entries" not in path else ["000", *(f"000.p/{size}" for size in range(1, 30))],
    }  # fmt: skip
    parameters = described.get("parameters", [])
    assert isinstance(parameters, list)
    needed = [one["name"] for one in parameters if one["in"] == "path" or one.get("required")]
    in_path = {one["name"] for one in parameters if one["in"] == "path"}
    for chosen in itertools.product(*(values[name] for name in needed)):
        given = dict(zip(needed, chosen, strict=True))
        filled = path
        for name in in_path:
            filled = filled.replace("{" + name + "}", given[name])
        yield filled, {name: value for name, value in given.items() if name not in in_path}


READING = [
    (path, described) for path, methods in document(describe_only())["paths"].items()
    for method, described in methods.items() if method == "get"
]  # fmt: skip


@pytest.mark.parametrize(("path", "described"), READING, ids=[path for path, _ in READING])
def test_no_answer_carries_a_link_but_the_records_own(
    ask: Asker, told: Told, path: str, described: dict[str, object]
) -> None:
    asked = 0
    for caller in CALLERS:
        for filled, query in requests_of(path, described, told):
            answer = ask.get(filled, caller, **query)
            asked += 1
            found = carried(answer.content, told)
            if not found:
                continue
            assert answer.status_code == 200
            if path == "/tile/entries/{tile}":
                assert caller == "auditor"
                continue
            assert path in OWN_ROUTES, f"{filled} shows {caller} the links of {found}"
            assert found == {filled.split("/")[3]}, "one record at a time"
            assert caller in ("source", "auditor") or (caller == "lender" and found == {told.handed})
    assert asked >= len(CALLERS)


def test_the_walk_saw_what_it_looks_for(ask: Asker, told: Told) -> None:
    """The check above can fail: the links are found where they may be."""
    first = told.handed
    assert carried(ask.get(f"/v1/statements/{first}", "source").content, told) == {first}
    assert carried(ask.get(f"/v1/statements/{first}", "lender").content, told) == {first}
    size = ask.size()
    assert carried(ask.get(f"/tile/entries/000.p/{size}", "auditor").content, told) == set(told.links)


def report(ask: Asker, caller: str | None, value: bytes, **more: object) -> httpx2.Response:
    """Ask question 4 by a subject value."""
    question = {"subjects": [{"value": value.hex(), "epoch": 1}], **more}
    return ask.http.post("/v1/subjects/report", json=question, headers=ask.bearer(caller))


@pytest.mark.parametrize("caller", CALLERS)
def test_a_person_is_not_found_by_any_value(ask: Asker, told: Told, caller: str | None) -> None:
    """A link or a tag is answered exactly as a value that nobody ever used, or the caller is turned away."""
    unknown = report(ask, caller, drawn(32))
    for value in (*told.links.values(), *TAGS.values()):
        answer = report(ask, caller, value)
        assert answer.status_code == unknown.status_code
        if answer.status_code != 200:
            assert answer.status_code in (401, 403)
            continue
        assert caller in ("hub", "auditor", "source", "source_b")
        found, nothing = answer.json()["answer"], unknown.json()["answer"]
        assert {**found, "subjects": None} == {**nothing, "subjects": None}
        assert found["versions"] == []
        for id_ in told.links:
            assert id_ not in answer.text


@pytest.mark.parametrize("caller", ["hub", "auditor", "source"])
def test_persons_records_are_refused_as_an_institutions(ask: Asker, told: Told, caller: str) -> None:
    answer = report(ask, caller, drawn(32), given=[[told.handed, []]])
    check_problem(answer, 409, "lineage.kind")
    assert carried(answer.content, told) == set()


def test_a_report_on_a_person_needs_the_request_and_its_scope(ask: Asker, told: Told) -> None:
    request = told.ids[6]
    scope = {"salt": base64url(bytes(32)), "references": [[told.handed, []]]}
    for caller in CALLERS:
        for id_ in told.ids:
            headers = ask.bearer(caller)
            answer = ask.http.post(f"/v1/access/{id_}/report", json={"scope": scope}, headers=headers)
            assert answer.status_code >= 400, f"{caller} {id_}"
            assert carried(answer.content, told) == set()
            in_case = {"scope": scope, "question": "statement", "reference": told.handed}
            questioned = ask.http.post(f"/v1/cases/{id_}/questions", json=in_case, headers=headers)
            assert questioned.status_code >= 400, f"{caller} {id_}"
    wrong = ask.http.post(f"/v1/access/{request}/report", json={"scope": scope}, headers=ask.bearer("source"))
    assert wrong.status_code in (403, 409, 422), wrong.text


@pytest.mark.parametrize("name", ["subject", "subject_value", "person", "value", "link", "tag", "q"])
def test_a_question_by_subject_is_not_heard(ask: Asker, told: Told, name: str) -> None:
    """No route takes such a parameter: with it the answer is the same, or an error."""
    link = next(iter(told.links.values())).hex()
    for path in ("/v1/findings", "/v1/duties", "/v1/refusals", "/v1/usage", "/v1/quality", "/v1/members"):
        for caller in ("auditor", "source"):
            plain, asked = ask.get(path, caller), ask.get(path, caller, **{name: link})
            assert asked.status_code >= 400 or asked.json() == plain.json()
    for caller in ("auditor", "source", "lender"):
        for path in (f"/v1/records/{link}", f"/v1/statements/{link}", f"/v1/trace/forward?reference={link}"):
            assert ask.get(path, caller).status_code in (403, 404)


def test_no_route_is_about_persons() -> None:
    described = document(describe_only())
    for path, methods in described["paths"].items():
        assert not any(word in path.lower() for word in FORBIDDEN_WORDS), path
        for operation in methods.values():
            names = {parameter["name"] for parameter in operation.get("parameters", ())}
            assert not names & {"subject", "subject_value", "person", "class", "q", "query", "offset", "sort"}
    assert "/v1/records" not in described["paths"]
    assert "/v1/subjects" not in described["paths"]


def test_neither_index_nor_log_nor_file_of_the_node_has_a_person(ask: Asker, told: Told, folder: Path) -> None:
    """Tags and numbers are in no file of the node; links only in the record's own rows, never in the index."""
    ask.get("/health")
    secret = [form for tag in TAGS.values() for form in forms(tag)]
    secret += [number.encode() for number in NUMBERS.values()]
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        data = path.read_bytes()
        assert not [form for form in secret if form in data], path
        if "logs" in path.parts:
            assert carried(data, told) == set(), path
    assert json.loads(ask.http.get("/v1/log").text)["size"] > len(told.ids)
