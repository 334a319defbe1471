"""The forms of records by item and catalogue version, taken from the ledger's catalogue."""

from __future__ import annotations

from collections.abc import Callable

from clients.sdk import requests
from clients.sdk.sync_client import Client
from ledger.commitment import RecordForm
from ledger.errors import NotFoundError, Text
from ledger.kinds.genesis import Catalogue, Item


class ItemUnknown(NotFoundError):
    """The catalogue version has no such item."""

    code = "catalogue.item_unknown"
    what = Text("Catalogue version {version} has no item {item}.", "目录第 {version} 版没有条目 {item}。")
    next_step = Text("`suyuan catalogue show` lists the items.", "运行 `suyuan catalogue show` 查看条目。")


def item_of(catalogue: Catalogue, code: str) -> Item:
    """Return an item of a catalogue; raises `ItemUnknown`."""
    for item in catalogue.items:
        if item.code == code:
            return item
    raise ItemUnknown(version=catalogue.version, item=code)


def form_of(catalogue: Catalogue, code: str) -> RecordForm:
    """Return the form of the records of an item; raises `ItemUnknown`."""
    item = item_of(catalogue, code)
    return RecordForm(item.code, catalogue.version, tuple(field.name for field in item.fields))


class CatalogueForms:
    """`Forms` over catalogue versions that are fetched once each.

    A wrong answer cannot pass for a right one: a form with other fields gives another commitment than the ledger's.
    """

    __slots__ = ("_fetch", "_known")

    def __init__(self, fetch: Callable[[int], Catalogue]) -> None:
        self._fetch = fetch
        self._known: dict[tuple[str, int], RecordForm] = {}

    def __call__(self, item: str, version: int) -> RecordForm:
        """Return the form of an item in a catalogue version; raises `ItemUnknown` and as the fetching does."""
        form = self._known.get((item, version))
        if form is None:
            form = self._known[item, version] = form_of(self._fetch(version), item)
        return form


def forms_from(client: Client) -> CatalogueForms:
    """Return the forms of the catalogue versions that a node serves."""
    return CatalogueForms(lambda version: client.run(requests.catalogue(version)).catalogue)
