"""Publications, lists, measures and pledges in the second implementation of findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from tests.conformance.second_told import DAY_MS, Duty, Said, Told, end_of_day, first

Terms = tuple[str, str]
"""Content hash and end day."""


@dataclass
class Owed:
    """A duty over a copy, met when the copy ends or follows."""

    kind: str
    party: str
    about: str
    due: int
    met: int | None = None


@dataclass
class Copy:
    """A copy of a publication: the publisher's own, or a mirror. `waiting` are the duties that are not met."""

    lead: str
    member: str
    terms: Terms
    statement: str
    stopped: int | None = None
    waiting: list[Owed] = field(default_factory=list)
    parity: int | None = None
    expired: int | None = None

    @property
    def follows(self) -> bool:
        """Say whether the copy still has time, or is late, to follow a change."""
        return any(owed.kind == "follow" for owed in self.waiting)


@dataclass
class Noted:
    """A finding that began at once; `open` until it is put right."""

    code: str
    about: str
    party: str
    open: bool = True


class Shows:
    """Every copy of every publication, from one walk over the log."""

    def __init__(self, told: Told) -> None:
        self.told = told
        self.copies: dict[str, list[Copy]] = {}
        """By the first publication.start: the publisher's copy, then the mirrors."""
        self.lead_of: dict[str, str] = {}
        self.copy_of: dict[str, Copy] = {}
        self.shown: dict[str, list[str]] = {}
        """By record or row: the publications that ever showed it."""
        self.owed: list[Owed] = []
        self.noted: list[Noted] = []
        self._ordered: dict[str, list[Owed]] = {}
        for one in told.said:
            if one.kind == "publication.start":
                self._start(one)
            elif one.kind == "publication.mirror":
                self._mirror(one)
            elif one.kind == "publication.stop":
                self._stop(one)
            elif one.kind == "publication.observe":
                self._observe(one)
            else:
                self._order(one)

    def ordered(self, said: Said) -> Iterator[Duty]:
        """Yield the duties to end a copy that a statement ordered (REC-10, REP-3)."""
        for owed in self._ordered.get(said.id, []):
            yield Duty(owed.party, owed.about, owed.due, owed.met)

    def duties(self, kind: str) -> Iterator[Duty]:
        """Yield the duties of a kind over all copies: to `end` by the end day, or to `follow`."""
        return (Duty(owed.party, owed.about, owed.due, owed.met) for owed in self.owed if owed.kind == kind)

    def _owe(self, copy: Copy, kind: str, about: str, due: int) -> Owed:
        owed = Owed(kind, copy.member, about, due)
        copy.waiting.append(owed)
        self.owed.append(owed)
        return owed

    def _meet(self, copy: Copy, time: int, *kinds: str) -> None:
        """Meet the duties of these kinds, of all when none is named."""
        for owed in copy.waiting:
            if owed.kind in kinds or not kinds:
                owed.met = time
        copy.waiting = [owed for owed in copy.waiting if owed.met is None]

    def _clear(self, copy: Copy, *, parity: bool = True) -> None:
        if parity and copy.parity is not None:
            self.noted[copy.parity].open, copy.parity = False, None
        if copy.expired is not None:
            self.noted[copy.expired].open, copy.expired = False, None

    def _note(self, code: str, about: str, party: str) -> int:
        self.noted.append(Noted(code, about, party))
        return len(self.noted) - 1

    def _start(self, one: Said) -> None:
        terms = (one.payload["content"], one.payload["end_day"])
        if "changes" in one.payload:
            lead = self.lead_of[one.payload["changes"]]
            copy = self.copies[lead][0]
            self._meet(copy, one.time)
            self._clear(copy)
            copy.terms, copy.statement, copy.member = terms, one.id, one.iss
        else:
            lead = one.id
            copy = Copy(lead, one.iss, terms, one.id)
            self.copies[lead] = [copy]
        self.lead_of[one.id], self.copy_of[one.id] = lead, copy
        leads = self.shown.setdefault(one.payload["reference"], [])
        if lead not in leads:
            leads.append(lead)
        self._owe(copy, "end", one.id, end_of_day(one.payload["end_day"]))
        self._make_follow(lead, one, terms)

    def _make_follow(self, lead: str, one: Said, terms: Terms | None) -> None:
        """Every mirror that is public and differs has to follow (PUB-5); one that agrees again is right again."""
        for mirror in self.copies[lead][1:]:
            if mirror.stopped is not None:
                continue
            if mirror.terms == terms:
                if mirror.parity is not None or mirror.follows:
                    self._clear(mirror)
                self._meet(mirror, one.time, "follow")
            else:
                self._owe(mirror, "follow", lead, self.told.deadline(one, "publication_follow"))

    def _mirror(self, one: Said) -> None:
        lead = self.lead_of[one.payload["publication"]]
        terms = (one.payload["content"], one.payload["end_day"])
        own = self.copies[lead][0]
        copy = next((each for each in self.copies[lead][1:] if each.member == one.iss), None)
        if copy is None:
            copy = Copy(lead, one.iss, terms, one.id)
            self.copies[lead].append(copy)
        elif terms == own.terms:
            self._meet(copy, one.time)
            self._clear(copy)
        else:
            self._meet(copy, one.time, "end")
            self._clear(copy, parity=False)
        copy.terms, copy.statement, copy.stopped = terms, one.id, None
        self.lead_of[one.id], self.copy_of[one.id] = lead, copy
        self._owe(copy, "end", one.id, end_of_day(one.payload["end_day"]))
        if terms != own.terms and copy.parity is None:
            copy.parity = self._note("F-PARITY", one.id, one.iss)

    def _stop(self, one: Said) -> None:
        copy = self.copy_of[one.payload["publication"]]
        public = copy.stopped is None
        self._meet(copy, one.time)
        self._clear(copy)
        copy.stopped = one.time
        if public and copy is self.copies[copy.lead][0]:
            self._make_follow(copy.lead, one, None)

    def _observe(self, one: Said) -> None:
        copy = self.copy_of[one.payload["publication"]]
        right = copy.terms if copy.follows else self.copies[copy.lead][0].terms
        last = right[1] if copy.stopped is None else min(right[1], _day(copy.stopped))
        if one.payload["seen_on"] > last and copy.expired is None:
            copy.expired = self._note("F-EXPIRED-PUBLIC", one.id, copy.member)
        if copy.stopped is not None:
            return
        if (one.payload["content"], one.payload["end_day"]) != right:
            if copy.parity is None:
                copy.parity = self._note("F-PARITY", one.id, copy.member)
        elif copy.parity is not None and copy.terms == right:
            self.noted[copy.parity].open, copy.parity = False, None

    def _order(self, one: Said) -> None:
        """Order every public copy of what ended to end (REC-10, REP-3), once for each copy."""
        payload = one.payload
        references: set[str] = set()
        copies: list[Copy] = []
        if one.kind in ("record.correct", "record.withdraw"):
            references = {payload["reference"]}
        elif one.kind == "record.resolve" and payload["outcome"] == "upheld":
            about = self.told.one(payload["dispute"]).payload["about"]
            references = {about}
            copies = [self.copy_of[about]] if about in self.copy_of else []
        elif one.kind == "repair.decide" and payload["outcome"] == "approved":
            references = self.told.versions([self.told.one(payload["application"]).payload["reference"]], one.index)
        leads = {lead for reference in references for lead in self.shown.get(reference, [])}
        copies += [copy for lead in sorted(leads) for copy in self.copies[lead]]
        for copy in copies:
            if copy.stopped is None:
                owed = self._owe(copy, "stop", copy.lead, self.told.deadline(one, "stop"))
                self._ordered.setdefault(one.id, []).append(owed)


def _day(time: int) -> str:
    """Return the day in UTC+08:00 of an instant in ms."""
    return (date(1970, 1, 1) + timedelta(days=(time + 28_800_000) // DAY_MS)).isoformat()


def exits(told: Told) -> Iterator[Duty]:
    """Yield the duties to leave a list: by the end day, and where a repair takes all grounds away."""
    for entry in told.of("list.enter"):
        met = first(one.time for one in told.naming("list.exit", "entry", entry.id))
        yield Duty(entry.iss, entry.id, end_of_day(entry.payload["end_day"]), met)
        for repair in _repairs_of(told, entry):
            yield Duty(entry.iss, entry.id, told.deadline(repair, "list_exit"), met)


def lifts(told: Told) -> Iterator[Duty]:
    """Yield the duties to lift a measure: by its end day, after the exit, and where a repair takes all grounds away."""
    for measure in told.of("measure.apply"):
        entry = told.one(measure.payload["entry"])
        lifted = list(told.naming("measure.lift", "measure", measure.id))
        met = first(one.time for one in lifted)
        yield Duty(measure.iss, measure.id, end_of_day(measure.payload["end_day"]), met)
        for one in [*told.naming("list.exit", "entry", entry.id), *_repairs_of(told, entry)]:
            if measure.index < one.index and all(one.index < each.index for each in lifted):
                yield Duty(measure.iss, measure.id, told.deadline(one, "measure_lift"), met)


def _repairs_of(told: Told, entry: Said) -> Iterator[Said]:
    """Yield the approved repairs after which an entry in force rests on nothing that stands."""
    for one in told.naming("repair.decide", "outcome", "approved"):
        own = told.versions([told.one(one.payload["application"]).payload["reference"]], one.index)
        left = any(each.index < one.index for each in told.naming("list.exit", "entry", entry.id))
        grounds = entry.payload["grounds"]
        if entry.index > one.index or left or not own.intersection(grounds):
            continue
        if all(ground in own or told.is_withdrawn(ground, one.index) for ground in grounds):
            yield one


def pledges(told: Told) -> Iterator[Duty]:
    """Yield the duty of each authority to find a pledge kept or broken by its due day."""
    for pledge in told.of("pledge.make"):
        met = [one.time for one in told.of("pledge.fulfil", "pledge.breach") if one.payload["pledge"] == pledge.id]
        yield Duty(pledge.payload["authority"], pledge.id, end_of_day(pledge.payload["due_day"]), first(met))
