"""Executes the same statements and prints every app hash; started under several hash seeds by its test."""

from __future__ import annotations

import sys

from ledger.state.tables import HOLDING, Holding, HoldingState
from tests.ledger.rules.test_contracts import claim, contract_of, payment_of, verification_of
from tests.world import World


def story() -> World:
    """Records, corrections that reach many holders, a contract with findings, refusals: whatever has an order."""
    world = World.founding()
    record = world.do("source", "record.submit", world.record())
    world.do("source", "record.batch", world.batch())
    for member in ("lender", "hub", "service", "operator", "publisher", "agent"):
        entry = Holding(ranges=(), hop=record, since_index=2, since=world.time, life_end=world.time)
        world.state.apply({(HOLDING.name, record, world.uscc(member)): HoldingState(entries=(entry,))})
    raws = [world.sign("lender", "record.submit", world.record())]
    raws += [world.sign("source", "record.submit", world.record()) for _ in range(20)]
    raws.append(world.sign("source", "record.correct", world.record(changes={"reference": record, "reason": "error"})))
    world.run(*raws)
    codes = [{"scheme": "USCC", "code": f"9111000060003734{n}N"} for n in range(9)]
    milestones = [{"id": f"m{n}"} for n in range(30)]
    contract = world.do("buyer", "contract.register", contract_of(world, quoted=codes, milestones=milestones))
    world.run(*(world.sign("supplier", "contract.milestone", claim(contract, f"m{n}")) for n in range(30)))
    world.do("buyer", "contract.payment", payment_of(world, contract, 2000))
    for verifier, outcome in (("verifier", "met"), ("verifier_b", "not_met")):
        world.do(verifier, "contract.verify", verification_of(contract, **{f"m{n}": outcome for n in range(30)}))
    world.advance(700_000)
    world.run()
    return world


if __name__ == "__main__":
    world = story()
    lines = [app_hash.hex() for app_hash in world.app_hashes]
    lines += [f"{index} {event.code} {event.about} {event.cleared}" for index, event in world.findings]
    lines += [f"{index} {edge.source} {edge.target} {edge.kind}" for index, edge in world.edges]
    sys.stdout.write("\n".join(lines) + "\n")
