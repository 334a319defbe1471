"""The questions of the command line over a real application: what people see, what programs get, what files hold."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from prov.model import ProvDocument

from clients.exports.csv_files import FINDING_COLUMNS, METERING_COLUMNS, TRACE_COLUMNS
from ledger.times import DAY_MS
from tests.api.asked_node import AskedNode
from tests.clients.cli.running import Person, text
from tests.ledger.rules.casework import authorise, case_open, mandate
from tests.ledger.rules.governing import proposed, suspend
from tests.ledger.rules.handing import give, hand_over, rows, single
from tests.ledger.rules.producing import PRODUCT, report
from tests.ledger.rules.publishing import SITE, approve, mirror, publish
from tests.world import digest_of
from tests.world_genesis import uscc_of

TAG = digest_of("tag")


@dataclass
class Office:
    """A node with a story, and people at their command lines."""

    node: AskedNode
    folder: Path
    batch: str
    record: str
    person: str
    product: str
    decided: str
    proposal: str

    def at(self, member: str) -> Person:
        return Person(self.folder / member, self.node, member)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("office")
    node = AskedNode.at(folder / "n")
    world = node.world
    batch = world.do("source", "record.batch", world.batch(100, "penalty", nodes=("n1",)))
    subject = {"class": "enterprise", "value": TAG, "epoch": 1}
    record = world.do("source", "record.submit", world.record(changes={"subject": subject}))
    person = world.do("source", "record.submit", world.record("credit_person"))
    lead = publish(world, f"{batch}:5")
    world.do("service", "publication.mirror", mirror(world, lead))
    given = give(world, "source", "lender", data_life=900)
    hand_over(world, given, rows(batch, (0, 9)))
    product = world.do("lender", PRODUCT, report(references=rows(batch, (5, 6))))
    world.advance(90 * DAY_MS)
    decided = approve(world, f"{batch}:5", applicant="supplier")
    proposal = proposed(world, suspend(world, "operator"))
    world.advance(30 * DAY_MS)
    world.do("source", "record.submit", world.record())
    yield Office(node, folder, batch, record, person, product, decided, proposal)
    node.close()


def lines(path: Path) -> list[dict[str, str]]:
    data = path.read_bytes()
    assert data.endswith(b"\r\n")
    return list(csv.DictReader(data.decode().splitlines()))


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("repair", "closure", "@decided"), "overdue"),
        (("stop", "closure", "@decided"), "overdue"),
        (("publish", "parity", SITE), "expired"),
        (("product", "check", "@product"), "stands"),
        (("use", "metering"), "pen"),
        (("record", "quality"), "Quality"),
        (("governance", "list"), "expired"),
        (("governance", "show", "@proposal"), "membersuspend"),
        (("governance", "nodes"), "n1"),
        (("member", "history", uscc_of("operator")), "active"),
        (("trace", "forward", "@batch"), "rel"),
    ],
)
def test_each_question_is_shown_to_people_and_given_to_programs(
    office: Office, words: tuple[str, ...], shown: str
) -> None:
    asked = [str(getattr(office, word[1:])) if word.startswith("@") else word for word in words]
    auditor = office.at("auditor")
    people = auditor.run(*asked)
    assert people.exit_code == 0, people.output
    printed = "".join(character for character in people.stdout if character.isalnum())
    assert shown in printed
    assert auditor.data(*asked)


def test_the_same_question_at_an_earlier_size_has_the_earlier_answer(office: Office) -> None:
    index = office.node.service.reader.statements([office.decided])[office.decided].index
    now = office.at("auditor").data("product", "check", office.product)
    then = office.at("auditor").data("product", "check", office.product, "--as-of", str(index))
    assert isinstance(now, dict)
    assert isinstance(then, dict)
    assert (now["answer"]["stands"], then["answer"]["stands"], then["as_of"]) == (False, True, index)


def test_exit_codes_tell_no_right_from_nothing_there(office: Office) -> None:
    assert office.at("hub").fails(4, "repair", "closure", office.decided)["code"] == "access.role"
    assert office.at("auditor").fails(5, "publish", "parity", "elsewhere")["code"] == "lineage.site"
    assert office.at("auditor").fails(5, "governance", "show", "0" * 64)["code"] == "not_found"
    assert office.at("auditor").fails(2, "trace", "subject", "--tag", TAG)["code"] == "cli.usage"


def test_a_trace_is_exported_in_each_form(office: Office) -> None:
    auditor, file = office.at("auditor"), office.folder / "trace"
    words = ("trace", "forward", office.batch, "--export")
    auditor.data(*words, "prov", str(file))
    document = ProvDocument.deserialize(content=file.read_text(), format="json")
    assert isinstance(document, ProvDocument)
    assert len(list(document.get_records())) > 10
    auditor.data(*words, "openlineage", str(file))
    events = json.loads(file.read_text())
    assert [event["eventType"] for event in events] == ["START", "COMPLETE"]
    done = auditor.data("trace", "back", office.product, "--export", "csv", str(file))
    assert text(done, "format") == "csv"
    found = lines(file)
    assert tuple(found[0]) == TRACE_COLUMNS
    assert {line["kind"] for line in found} == {"record.batch", "transfer.offer", "product.issue"}
    assert next(line for line in found if line["kind"] == "transfer.offer")["to"] == uscc_of("lender")
    auditor.fails(3, *words, "prov", str(office.folder / "nowhere" / "x"))
    auditor.fails(2, *words, "xml", str(file))


def test_findings_and_usage_are_exported_as_csv(office: Office) -> None:
    auditor, file = office.at("auditor"), office.folder / "rows.csv"
    auditor.data("findings", "list", "--export", "csv", str(file))
    found = lines(file)
    assert tuple(found[0]) == FINDING_COLUMNS
    shown = auditor.data("findings", "list")
    assert isinstance(shown, dict)
    assert [line["code"] for line in found] == [finding["code"] for finding in shown["answer"]]
    auditor.data("use", "metering", "--export", "csv", str(file))
    (usage,) = lines(file)
    assert tuple(usage) == METERING_COLUMNS
    assert (usage["source"], usage["item"], usage["records_released"]) == (uscc_of("source"), "penalty", "10")


def test_everything_about_an_institution(office: Office) -> None:
    found = office.at("hub").data("trace", "subject", "--tag", f"{TAG}:1", "--reference", f"{office.batch}:5")
    assert isinstance(found, dict)
    assert {version["id"] for version in found["answer"]["versions"]} == {office.record, office.batch}
    office.at("lender").fails(4, "trace", "subject", "--tag", f"{TAG}:1")


def test_a_case_from_its_scope_file_to_its_questions(office: Office) -> None:
    world, investigator = office.node.world, office.at("investigator")
    file = office.folder / "scope.json"
    made = investigator.data(
        "case", "scope", str(file), "--reference", f"{office.batch}:3-4", "--member", uscc_of("lender")
    )
    assert file.stat().st_mode & 0o777 == 0o600
    case = case_open(world)
    world.do("regulator", "case.authorise", authorise(world, case) | {"scope": text(made, "commitment")})
    ask = ("case", "ask", case)
    found = investigator.data(*ask, "forward", f"{office.batch}:3", "--scope", str(file))
    assert isinstance(found, dict)
    assert len(found["answer"]["hops"]) == 1
    investigator.data(*ask, "duties", uscc_of("lender"), "--scope", str(file))
    investigator.fails(4, *ask, "forward", office.batch, "--scope", str(file))
    investigator.fails(4, "trace", "forward", office.batch)
    shown = investigator.run("case", "show", case)
    assert "case.authorise" in shown.stdout
    investigator.fails(3, "case", "scope", str(file))
    file.write_text('{"salt": 1}')
    investigator.fails(2, *ask, "forward", f"{office.batch}:3", "--scope", str(file))


def test_a_report_about_a_person_for_its_answer(office: Office) -> None:
    world, source = office.node.world, office.at("source")
    file = office.folder / "person.json"
    made = office.at("agent").data("case", "scope", str(file), "--reference", office.person)
    basis = mandate(world, references=single(office.person))
    asked = {"holder": uscc_of("source"), "scope": text(made, "commitment"), "mandate": basis}
    request = world.do("agent", "access.request", asked)
    found = source.data("access", "report", request, "--scope", str(file))
    assert isinstance(found, dict)
    assert [version["id"] for version in found["answer"]["versions"]] == [office.person]
    office.at("agent").fails(4, "access", "report", request, "--scope", str(file))
