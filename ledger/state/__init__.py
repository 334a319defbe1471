"""The state that rules are judged against: typed tables, the block's view of them, and effects."""

from ledger.state.effects import Edge, Effects, FindingEvent, StateKey
from ledger.state.tables import TABLES, Table, decode_value, encode_value
from ledger.state.view import BlockView, MemoryState, Need, NotLoaded, StateSource

__all__ = [
    "TABLES",
    "BlockView",
    "Edge",
    "Effects",
    "FindingEvent",
    "MemoryState",
    "Need",
    "NotLoaded",
    "StateKey",
    "StateSource",
    "Table",
    "decode_value",
    "encode_value",
]
