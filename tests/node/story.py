"""A story that touches every projection: records, refusals, a contract, grants, hand-overs, duties, corrections."""

from __future__ import annotations

from tests.ledger.rules.handing import give, hand_over, rows, single, take
from tests.ledger.rules.test_contracts import claim, contract_of
from tests.world import World


def tell(world: World) -> list[str]:
    """Tell the story and return the ids of its statements that others refer to."""
    records = [world.do("source", "record.submit", world.record()) for _ in range(3)]
    batch = world.do("source", "record.batch", world.batch(item="penalty", nodes=("n1",)))
    refused = world.submit("lender", "record.submit", world.record())
    assert refused.status == "refused"
    contract = world.do("buyer", "contract.register", contract_of(world))
    world.do("supplier", "contract.milestone", claim(contract, "m1"))
    given = give(world, "source", "lender")
    first = hand_over(world, given, single(*records))
    take(world, "lender", "confirm", first)
    second = hand_over(world, given, rows(batch, (0, 9), (20, 29)))
    take(world, "lender", "dispute", second)
    world.do("source", "record.correct", world.record(changes={"reference": records[0], "reason": "error"}))
    world.do("source", "record.withdraw", {"reference": f"{batch}:5", "reason": "error"})
    world.do("source", "grant.revoke", {"grant": given.grant, "reason": "withdrawn"})
    world.advance(30 * 86_400_000)
    world.run()
    return [*records, batch, refused.statement_id, contract, given.grant, first, second]
