"""Hand-overs over real execution: done in one call, step by step, interrupted anywhere, and wrong in every way."""

from __future__ import annotations

import pytest

from clients.gateway.checking import DeliveryMismatch
from clients.gateway.disclosed import disclose
from clients.gateway.erasing import erase_records
from clients.gateway.package import decode_package, encode_package
from clients.gateway.packing import gather
from clients.gateway.receive import DeliveryDisputed, NotForUs, WrongCiphertext, open_delivery
from clients.gateway.sealing import open_package, seal_package
from clients.gateway.waiting import StillWaiting, TransferEnded
from clients.sdk.errors import NodeUnreachable, RefusedProblem
from clients.vault.errors import NotInVault
from clients.vault.rows import Package
from ledger.commitment import RecordFieldUnknown
from ledger.references import Reference
from ledger.state.tables import TRANSFER
from tests.clients.gateway.story import PERSON_FIELDS, Story, rows

ITEMS = {"credit_person": PERSON_FIELDS}


def status(story: Story, offer: str) -> str:
    row = story.node.world.row(TRANSFER, offer)
    assert row is not None
    return row.status


def test_granted_fields_of_a_batch_and_a_record_arrive_and_are_confirmed(story: Story) -> None:
    batch, penalty = story.batch(), story.penalty()
    items = {**ITEMS, "penalty": ["CF_WSH", "CF_XDR_MC"]}
    references = rows(batch, 0, 1, 2, 7).union(rows(penalty))
    sender, receiver = story.sender(), story.receiver()
    [transfer_id] = sender.prepare(story.delivery(story.grant(items), references, items))
    offer = sender.offer(transfer_id)
    sender.deliver(transfer_id)
    assert receiver.pending() == [offer]
    receiver.accept(offer)
    assert sender.resume(transfer_id).status == "released"
    received = receiver.confirm(offer)
    assert (received.records, status(story, offer)) == (5, "confirmed")
    assert sender.finish(transfer_id) == "confirmed"
    [row] = story.vaults["lender"].disclosed(offer, penalty)
    assert [(name, value) for name, _, value in row.fields] == [("CF_XDR_MC", "Example Company"), ("CF_WSH", "No 1")]
    own = {r.reference: r for r in story.vaults["source"].records_of(batch, ((0, 11),))}
    for got in story.vaults["lender"].disclosed(offer, batch):
        assert {name: value for name, _, value in got.fields} == {
            name: own[got.reference].values[name] for name in PERSON_FIELDS
        }
    assert sender.unfinished() == receiver.unfinished() == []


def test_after_the_confirmation_nothing_opens_the_release_any_more(story: Story) -> None:
    offer, transfer_id = hand_over(story)
    story.sender().finish(transfer_id)
    key = story.vaults["lender"].one_time_key(offer)
    assert key is not None
    assert key.secret is None
    row = story.node.world.row(TRANSFER, offer)
    assert row is not None
    for name in ("lender", "source"):
        with pytest.raises(NotInVault):
            story.vaults[name].package(row.ciphertext)


def hand_over(story: Story, batch: str | None = None, onward: int = 0) -> tuple[str, str]:
    grant = story.grant(ITEMS, onward=onward)
    sender, receiver = story.sender(), story.receiver()
    [transfer_id] = sender.prepare(story.delivery(grant, rows(batch or story.batch(), 1, 4, 5), ITEMS))
    offer = sender.offer(transfer_id)
    receiver.accept(offer, sender.ciphertext(transfer_id))
    sender.release(transfer_id)
    receiver.confirm(offer)
    return offer, transfer_id


def test_a_holder_hands_on_less_than_it_got(story: Story) -> None:
    batch = story.batch()
    grant = story.grant(ITEMS, onward=1, grantee="hub")
    sender, hub = story.sender(), story.receiver("hub")
    [first] = sender.prepare(story.delivery(grant, rows(batch, 1, 4, 5, 9), ITEMS, receiver="hub"))
    offer = sender.offer(first)
    hub.accept(offer, sender.ciphertext(first))
    sender.release(first)
    hub.confirm(offer)
    fewer = {"credit_person": ["amount"]}
    child = story.grant(fewer, grantor="hub", parent=grant[0])
    onward, lender = story.sender("hub"), story.receiver()
    [second] = onward.prepare(story.delivery(child, rows(batch, 4, 9), fewer))
    offer = onward.offer(second)
    lender.accept(offer, onward.ciphertext(second))
    onward.release(second)
    assert lender.confirm(offer).records == 2
    got = story.vaults["lender"].disclosed(offer, batch)
    assert [[name for name, _, _ in row.fields] for row in got] == [["amount"], ["amount"]]
    with pytest.raises(NotInVault):
        onward.prepare(story.delivery(child, rows(batch, 4, 10), fewer))
    with pytest.raises(NotInVault):
        onward.prepare(story.delivery(child, rows(batch, 4), {"credit_person": ["foreign"]}))


def test_send_waits_for_the_acceptance_and_goes_on_when_called_again(story: Story) -> None:
    delivery = story.delivery(story.grant(ITEMS), rows(story.batch(), 3), ITEMS)
    sender, receiver = story.sender(), story.receiver()
    with pytest.raises(StillWaiting):
        sender.send(delivery)
    [transfer_id] = sender.unfinished()
    [offer] = receiver.pending()
    with pytest.raises(StillWaiting):
        receiver.receive(offer)
    again = story.sender().resume(transfer_id)
    assert (again.offer, again.status) == (offer, "released")
    assert story.receiver().receive(offer).records == 1
    assert story.receiver().receive(offer).records == 1
    assert story.sender().resume(transfer_id).release == again.release


@pytest.mark.parametrize("lost", range(3))
def test_answers_that_are_lost_after_they_took_effect_do_no_harm(story: Story, lost: int) -> None:
    batch = story.batch()
    grant = story.grant(ITEMS)
    sender, receiver = story.sender(), story.receiver()
    [transfer_id] = sender.prepare(story.delivery(grant, rows(batch, 1), ITEMS))
    story.node.lose_answers = lost
    offer = sender.offer(transfer_id)
    story.node.lose_answers = lost
    receiver.accept(offer, sender.ciphertext(transfer_id))
    story.node.lose_answers = lost
    sender.release(transfer_id)
    story.node.lose_answers = lost
    receiver.confirm(offer)
    assert status(story, offer) == "confirmed"


def test_a_client_that_gave_up_finds_its_statement_in_the_log(story: Story) -> None:
    sender = story.sender()
    [transfer_id] = sender.prepare(story.delivery(story.grant(ITEMS), rows(story.batch(), 1), ITEMS))
    story.node.lose_answers = 3
    with pytest.raises(NodeUnreachable):
        sender.offer(transfer_id)
    story.node.world.advance(3_600_000)
    offer = story.sender().offer(transfer_id)
    assert status(story, offer) == "offered"


def test_a_statement_that_never_arrived_is_signed_anew_when_it_is_too_old(story: Story) -> None:
    sender = story.sender()
    [transfer_id] = sender.prepare(story.delivery(story.grant(ITEMS), rows(story.batch(), 1), ITEMS))
    story.node.busy = 3
    with pytest.raises(Exception, match="busy"):
        sender.offer(transfer_id)
    story.node.world.advance(3_600_000)
    assert status(story, story.sender().offer(transfer_id)) == "offered"


def test_a_refused_offer_releases_nothing(story: Story) -> None:
    batch = story.batch()
    grant = story.grant({"credit_person": ["amount"]})
    sender = story.sender()
    with pytest.raises(RefusedProblem) as caught:
        sender.send(story.delivery(grant, rows(batch, 1), ITEMS))
    assert (caught.value.rule, caught.value.recorded) == ("TRA-2", True)
    assert story.node.mailbox == {}
    with pytest.raises(RefusedProblem):
        sender.offer(sender.unfinished()[0])


def test_a_refused_hand_over_ends_on_both_sides(story: Story) -> None:
    sender, receiver = story.sender(), story.receiver()
    [transfer_id] = sender.prepare(story.delivery(story.grant(ITEMS), rows(story.batch(), 1), ITEMS))
    offer = sender.offer(transfer_id)
    receiver.refuse(offer, "not_wanted")
    assert receiver.pending() == []
    with pytest.raises(TransferEnded):
        sender.release(transfer_id)
    with pytest.raises(TransferEnded):
        receiver.confirm(offer)


def test_a_cancelled_package_is_gone(story: Story) -> None:
    sender = story.sender()
    [transfer_id] = sender.prepare(story.delivery(story.grant(ITEMS), rows(story.batch(), 1), ITEMS))
    offer = sender.offer(transfer_id)
    sender.cancel(transfer_id)
    assert status(story, offer) == "cancelled"
    with pytest.raises(NotInVault):
        sender.ciphertext(transfer_id)


def test_only_the_offered_package_is_accepted_and_only_by_its_receiver(story: Story) -> None:
    sender = story.sender()
    [transfer_id] = sender.prepare(story.delivery(story.grant(ITEMS), rows(story.batch(), 1), ITEMS))
    offer = sender.offer(transfer_id)
    package = sender.ciphertext(transfer_id)
    for wrong in (package[:-1], package + b"\0", bytes([package[0] ^ 1]) + package[1:]):
        with pytest.raises(WrongCiphertext):
            story.receiver().accept(offer, wrong)
    with pytest.raises(NotForUs):
        story.receiver("hub").accept(offer, package)
    assert status(story, offer) == "offered"


def test_a_field_that_no_record_has_is_found_before_anything_is_signed(story: Story) -> None:
    size = story.node.tree.size
    delivery = story.delivery(("0" * 64, "0" * 64), rows(story.batch(), 1), {"credit_person": ["income"]})
    before = story.node.tree.size
    with pytest.raises(RecordFieldUnknown):
        story.sender().prepare(delivery)
    assert story.node.tree.size == before > size


@pytest.mark.parametrize("reason", ["undecryptable", "commitment", "missing_rows", "fields", "content_root", "other"])
def test_every_kind_of_wrong_delivery_is_disputed_with_its_reason(story: Story, reason: str) -> None:
    """The sender cheats: its offer commits to a package that is not what it says."""
    from tests.clients.gateway.cheating import offer_wrongly

    batch = story.batch()
    grant = story.grant(ITEMS)
    sender, receiver = story.sender(), story.receiver()
    transfer_id = offer_wrongly(story, story.delivery(grant, rows(batch, 1, 4), ITEMS), reason)
    offer = sender.offer(transfer_id)
    receiver.accept(offer, sender.ciphertext(transfer_id))
    sender.release(transfer_id)
    for _ in range(2):
        with pytest.raises(DeliveryDisputed) as caught:
            receiver.confirm(offer)
        assert caught.value.params["reason"] == reason
    assert status(story, offer) == "disputed"
    assert sender.finish(transfer_id) == "disputed"
    assert story.vaults["lender"].disclosed(offer, batch) == []
    arbitrate(story, offer, sender.ciphertext(transfer_id), reason)


def arbitrate(story: Story, offer: str, ciphertext: bytes, reason: str) -> None:
    """With the revealed secret the arbiter comes to the same reason from the ledger and the ciphertext alone."""
    from ledger.encoding import decode_base64url
    from ledger.kinds import decode_payload
    from ledger.kinds.transfers import TransferDispute, TransferOffer, TransferRelease
    from ledger.statement import decode_statement

    found = {}
    for raw in story.node.raws.values():
        statement = decode_statement(raw)
        payload = decode_payload(statement.kind, statement.payload)
        if statement.statement_id == offer or getattr(payload, "offer", None) == offer:
            found[type(payload)] = payload
    opened, released, disputed = found[TransferOffer], found[TransferRelease], found[TransferDispute]
    assert isinstance(opened, TransferOffer)
    assert isinstance(released, TransferRelease)
    assert isinstance(disputed, TransferDispute)
    with pytest.raises(DeliveryMismatch) as caught:
        open_delivery(ciphertext, released, decode_base64url(disputed.one_time_secret), opened, story.forms)
    assert caught.value.reason == reason


def test_what_is_gathered_survives_packing(story: Story) -> None:
    batch, penalty = story.batch(), story.penalty()
    references = rows(batch, *range(12)).union(rows(penalty))
    items = {**ITEMS, "penalty": ["CF_NR"]}
    sources = gather(story.vaults["source"], story.forms, references, items)
    plaintext = encode_package(sources)
    assert decode_package(plaintext) == sources
    assert decode_package(open_package(seal_package(plaintext, bytes(32)), bytes(32))) == sources
    whole = next(source for source in sources if len(source.rows) == 12)
    assert whole.proof == ()


def test_the_sender_finds_its_own_damage_before_it_offers(story: Story) -> None:
    penalty = story.penalty()
    vault = story.vaults["source"]
    record = vault.record(Reference(penalty))
    damaged = type(record)(
        record.reference, record.item, record.catalogue, record.subject_class, record.subject_value, record.epoch,
        {**record.values, "CF_NR": "another"}, record.record_key,
    )  # fmt: skip
    vault.keep_records([damaged])
    items = {"penalty": ["CF_NR"]}
    with pytest.raises(DeliveryMismatch) as caught:
        story.sender().prepare(story.delivery(("0" * 64, "0" * 64), rows(penalty), items))
    assert caught.value.reason == "commitment"
    assert disclose(record, story.forms("penalty", 1), ["CF_NR"]).fields[0][2] == "fine"
    assert Package("d", None, None).ciphertext is None


def test_what_remains_after_an_erasure_can_still_be_handed_on(story: Story) -> None:
    batch = story.batch()
    grant = story.grant(ITEMS, onward=1, grantee="hub")
    sender, hub = story.sender(), story.receiver("hub")
    [first] = sender.prepare(story.delivery(grant, rows(batch, 1, 4, 5, 9), ITEMS, receiver="hub"))
    offer = sender.offer(first)
    hub.accept(offer, sender.ciphertext(first))
    sender.release(first)
    hub.confirm(offer)
    erased = erase_records(story.vaults["hub"], story.forms, rows(batch, 4))
    assert (erased.disclosures, erased.one_time_keys) == (1, 1)
    kept = gather(story.vaults["hub"], story.forms, rows(batch, 1, 9), ITEMS)
    assert kept == gather(story.vaults["source"], story.forms, rows(batch, 1, 9), ITEMS)
    with pytest.raises(NotInVault):
        gather(story.vaults["hub"], story.forms, rows(batch, 4), ITEMS)


def test_references_that_do_not_fit_one_offer_go_out_as_several_with_one_correlation(story: Story) -> None:
    batch = story.batch(3100)
    references = rows(batch, *range(0, 3100, 2))
    sender, receiver = story.sender(), story.receiver()
    transfer_ids = sender.prepare(story.delivery(story.grant(ITEMS), references, ITEMS))
    assert len(transfer_ids) == 2
    offers = [sender.offer(transfer_id) for transfer_id in transfer_ids]
    correlations = {receiver.offer(offer).correlation for offer in offers}
    assert len(correlations) == 1
    assert None not in correlations
    for offer, transfer_id in zip(offers, transfer_ids, strict=True):
        receiver.accept(offer, sender.ciphertext(transfer_id))
        sender.release(transfer_id)
    assert sum(receiver.confirm(offer).records for offer in offers) == references.count
    erased = erase_records(story.vaults["lender"], story.forms, references)
    assert (erased.disclosures, erased.one_time_keys) == (references.count, 2)
