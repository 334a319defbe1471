"""Hand-over (传输链条): the kinds `transfer.*`; importing this module registers their rules."""

from ledger.rules import transfer_offer, transfer_release, transfer_steps

__all__ = ["transfer_offer", "transfer_release", "transfer_steps"]
