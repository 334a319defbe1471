"""From the organisations of a contracting file to the codes of the ledger."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from clients.imports.errors import PartyLine
from clients.imports.json_value import Node
from ledger.codes import check_uscc
from ledger.errors import FormError
from ledger.kinds.contracts import MAX_QUOTED_CODES, QuotedCode

PLACEHOLDER = "@"
"""An id that begins with this stands for a party that the mapping names; it is no code of anybody."""
_MAX_CODE = 40
_USCC_SCHEMES = frozenset(("USCC", "CN-USCC", "CN-SCC"))
_ORGANISATION_SCHEMES = frozenset(("ORG", "CN-ORG"))


def parse_parties(lines: Iterable[str]) -> dict[str, str]:
    """Return the mapping of `ID=CODE` lines; the last equals sign divides. Raises `PartyLine`, or as `check_uscc`."""
    mapping: dict[str, str] = {}
    for line in lines:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, code = text.rpartition("=")
        if not equals or not name.strip():
            raise PartyLine(line=text[:80])
        mapping[name.strip()] = check_uscc(code.strip())
    return mapping


def read_parties(text: str) -> dict[str, str]:
    """Return the mapping of a file: a TOML table of texts, or `ID=CODE` lines. Raises as `parse_parties`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return parse_parties(text.splitlines())
    if isinstance(table.get("parties"), dict):
        table = table["parties"]
    for name, code in table.items():
        if not isinstance(code, str):
            raise PartyLine(line=name)
    return {str(name): check_uscc(str(code)) for name, code in table.items()}


@dataclass(slots=True)
class Parties:
    """The codes of a file's organisations; `unmapped` gathers those without one, `quoted` the codes as quoted."""

    mapping: Mapping[str, str]
    unmapped: dict[str, None] = field(default_factory=dict)
    quoted: dict[tuple[str, str], QuotedCode] = field(default_factory=dict)
    known: dict[str, Node] = field(default_factory=dict)

    def learn(self, release: Node) -> None:
        """Take up the `parties` of a release (1.1), to which other places refer by id."""
        for party in release.nodes("parties"):
            name = party.text("id")
            if name is not None:
                self.known[name] = party

    def code_of(self, organisation: Node | None, role: str) -> str:
        """Return the code of an organisation, or "" after noting it in `unmapped`.

        The mapping decides first, by id, identifier, `SCHEME:identifier` or name; then a code that the file gives and
        that passes its check.
        """
        if organisation is None:
            self.unmapped[f"({role})"] = None
            return self._mapped((role, f"({role})"))
        names, schemes = self._names(organisation)
        found = self._mapped(names)
        self._quote(schemes)
        if found:
            return found
        for _, code in schemes:
            try:
                return check_uscc(code)
            except FormError:
                continue
        self.unmapped[names[0] if names else f"({role})"] = None
        return ""

    def _mapped(self, names: Iterable[str]) -> str:
        for name in names:
            if name in self.mapping:
                self.unmapped.pop(name, None)
                return self.mapping[name]
        return ""

    def _names(self, organisation: Node) -> tuple[list[str], list[tuple[str, str]]]:
        names: list[str] = []
        schemes: list[tuple[str, str]] = []
        name = organisation.text("id")
        entries = [organisation]
        if name is not None and name in self.known:
            entries.append(self.known[name])
        for entry in entries:
            identifiers = [entry.node("identifier"), *entry.nodes("additionalIdentifiers")]
            for identifier in identifiers:
                code = None if identifier is None else identifier.text("id")
                if identifier is None or code is None:
                    continue
                scheme = (identifier.text("scheme") or "").upper()
                schemes.append((scheme, code))
                names += [code, f"{scheme}:{code}"] if scheme else [code]
        names = [*([name] if name else []), *names]
        for entry in entries:
            title = entry.text("name") or entry.text("legalName")
            names += [title] if title else []
        return names, schemes

    def _quote(self, schemes: Iterable[tuple[str, str]]) -> None:
        for scheme, code in schemes:
            if code.startswith(PLACEHOLDER) or len(self.quoted) >= MAX_QUOTED_CODES:
                continue
            if scheme in _USCC_SCHEMES:
                self.quoted[scheme, code] = QuotedCode(scheme="USCC", code=code[:_MAX_CODE])
            elif scheme in _ORGANISATION_SCHEMES:
                self.quoted[scheme, code] = QuotedCode(scheme="ORG", code=code[:_MAX_CODE])
