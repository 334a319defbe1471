"""State of publication, lists, repair and pledges (公示, 名单, 信用修复, 信用承诺); times are block times in ms."""

from __future__ import annotations

from ledger.state.row import StateRow, Table


class SiteState(StateRow, frozen=True, kw_only=True):
    """A site and the member that shows it, the first that used its name. Anchor "", suffix the site's name."""

    member: str
    index: int


class Shown(StateRow, frozen=True, kw_only=True):
    """What one copy shows: the statement in force, since when, content hash and end day.

    `stopped` is the statement that ended it, "" while it is public. `ordered` are statements that ordered its end and
    `follow` those it has to follow, each the opener of a duty that waits. `parity` and `expired` say what an open
    finding of these names is about, "" where there is none.
    """

    statement: str
    since: int
    content: str
    end_day: str
    stopped: str = ""
    stopped_at: int = 0
    ordered: tuple[str, ...] = ()
    follow: tuple[str, ...] = ()
    parity: str = ""
    expired: str = ""


class PublicationState(StateRow, frozen=True, kw_only=True):
    """A publication of one record or row on one site. Anchor the first publication.start of it, suffix "".

    `reference` is the version shown now.
    """

    reference: str
    publisher: str
    site: str
    shown: Shown


class PublishedState(StateRow, frozen=True, kw_only=True):
    """What was ever published of a record. Anchor its id, suffix `row_suffix(row)`.

    `first` is when it, or a version before it, was public first; `leads` are its publications by their first statement.
    """

    first: int
    leads: tuple[str, ...]


class CopyState(StateRow, frozen=True, kw_only=True):
    """Where a publication.start or publication.mirror belongs. Anchor its id, suffix "". `lead` as in PUBLICATION."""

    lead: str
    member: str
    mirror: bool


class MirrorState(StateRow, frozen=True, kw_only=True):
    """A service's own copy of a publication. Anchor the publication's first statement, suffix the service's USCC."""

    site: str
    shown: Shown


class EntryState(StateRow, frozen=True, kw_only=True):
    """An entry in a list. Anchor the id of list.enter, suffix "".

    `measures` rest on it, `ordered` are statements that ordered the exit (their duties wait).
    """

    code: str
    subject_class: str
    subject_value: str
    grounds: tuple[str, ...]
    authority: str
    end_day: str
    index: int
    measures: tuple[str, ...] = ()
    ordered: tuple[str, ...] = ()
    exited: str = ""
    exited_at: int = 0


class GroundState(StateRow, frozen=True, kw_only=True):
    """The list entries that rest on a record. Anchor its id, suffix `row_suffix(row)`."""

    entries: tuple[str, ...]


class MeasureState(StateRow, frozen=True, kw_only=True):
    """A measure in force. Anchor the id of measure.apply, suffix "". `ordered` as in ENTRY."""

    code: str
    entry: str
    authority: str
    end_day: str
    index: int
    ordered: tuple[str, ...] = ()
    lifted: str = ""
    lifted_at: int = 0


class RepairState(StateRow, frozen=True, kw_only=True):
    """An application for repair. Anchor the id of repair.apply, suffix ""."""

    reference: str
    applicant: str
    mandate: str
    index: int
    accepted: str = ""
    decided: str = ""
    outcome: str = ""


class PledgeState(StateRow, frozen=True, kw_only=True):
    """A pledge (信用承诺). Anchor the id of pledge.make, suffix ""."""

    authority: str
    due_day: str
    index: int
    settled: str = ""
    kept: bool = False


SITE = Table("site", SiteState, resident=True)
PUBLICATION = Table("publication", PublicationState)
PUBLISHED = Table("published", PublishedState)
COPY = Table("copy", CopyState)
MIRROR = Table("mirror", MirrorState)
ENTRY = Table("entry", EntryState)
GROUND = Table("ground", GroundState)
MEASURE = Table("measure", MeasureState)
REPAIR = Table("repair", RepairState)
PLEDGE = Table("pledge", PledgeState)
