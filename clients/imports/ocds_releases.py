"""Releases of one contracting process compiled to one (OCDS 1.1, "Merging"; 1.0 alike).

Releases are taken from the oldest to the newest. A later value replaces an earlier one, null deletes it, and arrays of
objects that have ids are merged by id.
"""

from __future__ import annotations

from collections.abc import Iterator

from clients.imports.errors import ImportMalformed
from clients.imports.json_value import ForeignJson, Node

MAX_PROCESSES = 10_000
"""Contracting processes in one file."""


def compiled_releases(package: ForeignJson, file: str) -> Iterator[Node]:
    """Yield one compiled release for each process of a release package, record package, release or compiled release.

    Raises `ImportMalformed`, also for a record whose releases are only linked.
    """
    if not isinstance(package, dict):
        raise ImportMalformed(file=file, detail="no JSON object")
    root = Node(package, "", file)
    if "records" in package:
        for record in root.nodes("records"):
            yield _of_record(record)
    elif "releases" in package:
        yield from _merged(list(root.nodes("releases")))
    elif "ocid" in package:
        yield root
    else:
        raise ImportMalformed(file=file, detail="neither releases nor records of the Open Contracting Data Standard")


def _of_record(record: Node) -> Node:
    compiled = record.node("compiledRelease")
    releases = list(record.nodes("releases"))
    if compiled is not None:
        return Node({"ocid": record.text("ocid"), **compiled.members}, compiled.path, compiled.file)
    if not releases or any("url" in release.members and "ocid" not in release.members for release in releases):
        raise record.wrong("releases", "are only linked and there is no compiledRelease")
    return next(_merged(releases))


def _merged(releases: list[Node]) -> Iterator[Node]:
    by_process: dict[str, list[Node]] = {}
    for release in releases:
        process = release.text("ocid")
        if process is None:
            raise release.wrong("ocid", "is missing")
        by_process.setdefault(process, []).append(release)
    if len(by_process) > MAX_PROCESSES:
        raise ImportMalformed(file=releases[0].file, detail=f"more than {MAX_PROCESSES} processes")
    for found in by_process.values():
        # The sort is stable, so releases of one date keep the order of the file.
        ordered = sorted(found, key=lambda release: release.text("date") or "")
        value: ForeignJson = {}
        for release in ordered:
            value = _merge(value, dict(release.members))
        assert isinstance(value, dict)
        yield Node(value, ordered[-1].path, ordered[-1].file)


def _merge(old: ForeignJson, new: ForeignJson) -> ForeignJson:
    if isinstance(old, dict) and isinstance(new, dict):
        merged = dict(old)
        for name, value in new.items():
            if value is None:
                merged.pop(name, None)
            else:
                merged[name] = _merge(merged.get(name), value)
        return merged
    if isinstance(old, list) and isinstance(new, list) and _have_ids(old) and _have_ids(new):
        by_id: dict[str, ForeignJson] = {_id(item): item for item in old}
        for item in new:
            by_id[_id(item)] = _merge(by_id.get(_id(item)), item)
        return list(by_id.values())
    return new


def _have_ids(items: list[ForeignJson]) -> bool:
    ids = [_id(item) for item in items]
    return all(ids) and len(set(ids)) == len(ids)


def _id(item: ForeignJson) -> str:
    value = item.get("id") if isinstance(item, dict) else None
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
