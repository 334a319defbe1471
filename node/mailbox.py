"""The mailbox: encrypted packages between two members, until the hand-over is over or their time has passed.

A package is a file named by the SHA-256 of its ciphertext, beside a small file that says whose it is. Only sender and
receiver reach it. What ends it is read from the ledger: `sweep` drops what was confirmed, disputed, refused or
cancelled, what is past its deadline, and what nobody offered in time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from ledger.codes import check_uscc
from ledger.encoding import decode_digest
from ledger.errors import AccessError, FormError, NotFoundError, OverloadError, Text
from ledger.state.tables import TransferState
from node.files import PRIVATE, sync_directory, write_atomic
from node.manifests import TooLarge

ENDED: Final = frozenset(("confirmed", "disputed", "refused", "cancelled"))
"""States of a hand-over after which its package is dropped."""
RETRY_SECONDS: Final = 600


class NotYours(AccessError):
    """Neither sender nor receiver."""

    code = "mailbox.not_yours"
    what = Text("{member} neither sent nor receives this package.", "{member} 既非该数据包的发送方，也非接收方。")


class PackageHash(FormError):
    """Other bytes than the name says."""

    code = "mailbox.hash"
    what = Text("The package's SHA-256 is {found}, not {name}.", "数据包的 SHA-256 为 {found}，而非 {name}。")


class Envelope(msgspec.Struct, frozen=True):
    """Whose a package is, its bytes, and when it came (ms since 1970)."""

    sender: str
    receiver: str
    size: int
    since: int


class Mailbox:
    """Packages of one node. `clock` gives ms since 1970, `limit` bounds one package and `total` all of them."""

    def __init__(self, folder: Path, clock: Callable[[], int], *, limit: int, total: int, hours: int) -> None:
        self._folder = folder
        self._clock = clock
        self.limit = limit
        self._total = total
        self._life_ms = hours * 3_600_000

    def put(self, name: str, data: bytes, *, sender: str, receiver: str) -> None:
        """Keep a package under the SHA-256 `name` of its ciphertext.

        Raises `TooLarge`, `PackageHash`, `OverloadError` when the mailbox is full, `NotYours` when another sender's
        package has this name, or the form error of a code.
        """
        if len(data) > self.limit:
            raise TooLarge(size=len(data), limit=self.limit)
        check_uscc(receiver)
        found = sha256(data).hexdigest()
        if decode_digest(name).hex() != found:
            raise PackageHash(found=found, name=name)
        here = self._envelopes()
        if name in here:
            if (here[name].sender, here[name].receiver) != (sender, receiver):
                raise NotYours(member=sender)
            return
        if sum(envelope.size for envelope in here.values()) + len(data) > self._total:
            raise OverloadError(detail="the mailbox is full", retry_after=RETRY_SECONDS)
        # The package first: what has no envelope belongs to nobody, is never served, and is swept.
        write_atomic(self._folder / name, data, PRIVATE)
        envelope = Envelope(sender, receiver, len(data), self._clock())
        write_atomic(self._folder / f"{name}.json", msgspec.json.encode(envelope), PRIVATE)

    def get(self, name: str, *, member: str) -> bytes:
        """Return a package to its sender or receiver. Raises `NotFoundError` or `NotYours`."""
        if member not in self.parties(name):
            raise NotYours(member=member)
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            raise NotFoundError(what_kind="package", name=name) from None

    def parties(self, name: str) -> frozenset[str]:
        """Return sender and receiver of a package. Raises `NotFoundError`."""
        envelope = self._envelope(decode_digest(name).hex())
        if envelope is None:
            raise NotFoundError(what_kind="package", name=name)
        return frozenset((envelope.sender, envelope.receiver))

    def drop(self, name: str) -> None:
        """Remove a package; one that is not here is no error."""
        name = decode_digest(name).hex()
        (self._folder / f"{name}.json").unlink(missing_ok=True)
        (self._folder / name).unlink(missing_ok=True)
        sync_directory(self._folder)

    def names(self) -> list[str]:
        """Return the names of all packages."""
        return sorted(self._envelopes())

    def sweep(self, transfers: Mapping[str, TransferState]) -> list[str]:
        """Drop what is over and return its names; `transfers` gives the hand-over of a ciphertext."""
        now = self._clock()
        dropped: list[str] = []
        for name, envelope in self._envelopes().items():
            transfer = transfers.get(name)
            over = transfer is not None and (transfer.status in ENDED or transfer.deadline <= now)
            if over or envelope.since + self._life_ms <= now:
                self.drop(name)
                dropped.append(name)
        return dropped

    def _envelope(self, name: str) -> Envelope | None:
        try:
            return msgspec.json.decode((self._folder / f"{name}.json").read_bytes(), type=Envelope)
        except FileNotFoundError:
            return None

    def _envelopes(self) -> dict[str, Envelope]:
        names = [path.name.removesuffix(".json") for path in self._folder.glob("*.json")]
        return {name: envelope for name in names if (envelope := self._envelope(name)) is not None}
