"""`suyuan transfer`: hand-overs, in one call a side or step by step."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from clients.cli.arguments import convert, read_item_fields, read_references, references_option
from clients.cli.command import command, new_group
from clients.cli.errors import FileUnusable, UsageProblem
from clients.cli.results import named, show_object
from clients.cli.session import Session, read_bytes
from clients.sdk import requests
from ledger.encoding import base64url
from ledger.kinds.transfers import TransferCancel, TransferDispute
from ledger.times import DAY_MS, format_time

if TYPE_CHECKING:
    from clients.gateway.receive import Receiver, RefusalReason
    from clients.gateway.send import Delivery, Sender

group = new_group("transfer", "Hand records over and take them over.", "交接数据：发送与接收。")
DEFAULT_PATIENCE = 600.0
STEP_PATIENCE = 60.0
"""Seconds that a single step waits for the node to publish what it needs a proof of."""
_patience = click.option(
    "--patience", type=click.FloatRange(min=0), default=DEFAULT_PATIENCE, show_default=True, metavar="SECONDS",
    help="how long to wait for the other side",
)  # fmt: skip
_file = click.Path(path_type=Path, dir_okay=False)


def _sender(session: Session, patience: float) -> Sender:
    from clients.gateway.forms import forms_from
    from clients.gateway.send import Sender
    from clients.gateway.waiting import Patience

    client = session.signing_client
    return Sender(client, session.vault, forms_from(client), Patience(total=patience))


def _receiver(session: Session, patience: float) -> Receiver:
    from clients.gateway.forms import forms_from
    from clients.gateway.receive import Receiver
    from clients.gateway.waiting import Patience

    client = session.signing_client
    return Receiver(client, session.vault, forms_from(client), session.policy, Patience(total=patience))


def _delivery(
    session: Session, grant: str, references: tuple[str, ...], items: tuple[str, ...], purpose: str | None,
    receiver: str | None, deadline: str | None, disputed: tuple[str, ...],
) -> Delivery:  # fmt: skip
    """Return what to hand over; what is not given is taken from the grant as it stands."""
    from clients.gateway.send import Delivery
    from ledger.references import ReferenceSet

    state = session.client.run(requests.grant(grant))
    found = read_references(references)
    if found is None or state.accepted is None:
        detail = "at least one --reference is needed" if found is None else "the grant is not accepted yet"
        raise UsageProblem(detail=detail, command="suyuan transfer send")
    chosen = read_item_fields(items) or {item: list(names) for item, names in state.scope.items.items()}
    return Delivery(
        grant=grant,
        acceptance=state.accepted,
        receiver=receiver or state.grantee,
        references=found,
        items=chosen,
        purpose=purpose or state.scope.purpose,
        deadline=deadline or format_time(session.surroundings.now_ms() + DAY_MS),
        disputed=read_references(disputed) or ReferenceSet(),
    )


@command(group, "send", "发送：要约、投递、等待接受、放行")
@click.argument("grant")
@references_option
@click.option("--item", "items", multiple=True, metavar="ITEM=FIELD,FIELD", help="all that the grant allows if absent")
@click.option("--purpose", metavar="CODE", help="the grant's if absent")
@click.option("--receiver", metavar="USCC", help="the grantee if absent")
@click.option("--deadline", metavar="TIME", help="by when the receiver accepts; one day from now if absent")
@click.option(
    "--disputed", multiple=True, metavar="ID[:ROW[-ROW]]", help="references with an open dispute (repeatable)"
)
@click.option("--prepare", is_flag=True, help="only pack and keep it in the vault, for the single steps")
@_patience
def send(
    session: Session, grant: str, references: tuple[str, ...], items: tuple[str, ...], purpose: str | None,
    receiver: str | None, deadline: str | None, disputed: tuple[str, ...], prepare: bool, patience: float,
) -> None:  # fmt: skip
    """Hand records over under GRANT: pack, offer, deliver, wait for the acceptance, release."""
    sender = _sender(session, patience)
    delivery = _delivery(session, grant, references, items, purpose, receiver, deadline, disputed)
    if prepare:
        session.output.data([{"transfer": transfer_id} for transfer_id in sender.prepare(delivery)])
        return
    session.output.data([asdict(sent) for sent in sender.send(delivery)])


@command(group, "receive", "接收：接受、等待放行、核对、确认")
@click.argument("offer", required=False)
@click.option("--package", type=_file, help="the package, when it came by another way than the node's mailbox")
@_patience
def receive(session: Session, offer: str | None, package: Path | None, patience: float) -> None:
    """Take OFFER over, or every offer that awaits the member: accept, open, check every row, confirm."""
    receiver = _receiver(session, patience)
    offers = receiver.pending() if offer is None else [offer]
    data = None if package is None else read_bytes(package)
    session.output.data([asdict(receiver.receive(one, data)) for one in offers])


@command(group, "offer", "单步：提交要约并投递")
@click.argument("transfer")
@click.option("--package", type=_file, help="write the package here instead of into the node's mailbox")
def offer(session: Session, transfer: str, package: Path | None) -> None:
    """Offer a prepared TRANSFER and deliver its package."""
    sender = _sender(session, STEP_PATIENCE)
    offer_id = sender.offer(transfer)
    if package is None:
        sender.deliver(transfer)
    else:
        try:
            package.write_bytes(sender.ciphertext(transfer))
        except OSError as error:
            raise FileUnusable(path=str(package), detail=error.strerror or str(error)) from None
    session.output.data({"transfer": transfer, "offer": offer_id})


@command(group, "accept", "单步：接受")
@click.argument("offer")
@click.option("--package", type=_file, help="the package, when it came by another way than the node's mailbox")
def accept(session: Session, offer: str, package: Path | None) -> None:
    """Accept OFFER with a key made for this hand-over only."""
    accepted = _receiver(session, STEP_PATIENCE).accept(offer, None if package is None else read_bytes(package))
    session.output.data({"offer": offer, "id": accepted})


@command(group, "release", "单步：放行")
@click.argument("transfer")
@_patience
def release(session: Session, transfer: str, patience: float) -> None:
    """Release TRANSFER once it is accepted: the content key, sealed to the receiver's key."""
    session.output.data({"transfer": transfer, "id": _sender(session, patience).release(transfer)})


@command(group, "confirm", "单步：核对并确认")
@click.argument("offer")
@_patience
def confirm(session: Session, offer: str, patience: float) -> None:
    """Open OFFER once it is released, check every row, and confirm; what is wrong is disputed."""
    session.output.data(asdict(_receiver(session, patience).confirm(offer)))


@command(group, "dispute", "单步：提出异议")
@click.argument("offer")
@click.option(
    "--reason", default="other", show_default=True,
    type=click.Choice(["undecryptable", "content_root", "commitment", "missing_rows", "fields", "other"]),
)  # fmt: skip
def dispute(session: Session, offer: str, reason: str) -> None:
    """Dispute OFFER after its release, revealing the one-time secret to the arbiter."""
    from clients.vault.errors import NotInVault

    key = session.vault.one_time_key(offer)
    if key is None or key.secret is None:
        raise NotInVault(what_kind="one-time secret", name=offer)
    fields = {"offer": offer, "reason": reason, "one_time_secret": base64url(key.secret)}
    body = {**session.identity.head(TransferDispute), "kind": "transfer.dispute", **fields}
    payload = convert(body, TransferDispute, "dispute")
    session.output.data({"offer": offer, "id": session.submit(payload).statement_id})


@command(group, "refuse", "单步：拒收")
@click.argument("offer")
@click.option(
    "--reason", type=click.Choice(["not_wanted", "ciphertext", "terms", "other"]), default="not_wanted",
    show_default=True,
)  # fmt: skip
def refuse(session: Session, offer: str, reason: RefusalReason) -> None:
    """Refuse OFFER instead of accepting it."""
    session.output.data({"offer": offer, "id": _receiver(session, STEP_PATIENCE).refuse(offer, reason)})


@command(group, "cancel", "单步：取消")
@click.argument("transfer")
@click.option("--as-regulator", is_flag=True, help="TRANSFER is the offer's id; a regulator cancels it")
def cancel(session: Session, transfer: str, as_regulator: bool) -> None:
    """Cancel TRANSFER before its release."""
    if as_regulator:
        head = session.identity.head(TransferCancel)
        cancelled = session.submit(TransferCancel(**head, offer=transfer, reason="authority")).statement_id
    else:
        cancelled = _sender(session, STEP_PATIENCE).cancel(transfer)
    session.output.data({"transfer": transfer, "id": cancelled})


@command(group, "finish", "等待对方确认并清理")
@click.argument("transfer")
@_patience
def finish(session: Session, transfer: str, patience: float) -> None:
    """Wait until TRANSFER is confirmed or disputed; after a confirmation the package is destroyed here."""
    session.output.data({"transfer": transfer, "status": _sender(session, patience).finish(transfer)})


@command(group, "resume", "继续未完成的交接")
@_patience
def resume(session: Session, patience: float) -> None:
    """Go on with every hand-over of the vault that was interrupted, on both sides."""
    sender = _sender(session, patience)
    done: list[dict[str, object]] = [asdict(sender.resume(one)) for one in sender.unfinished()]
    if session.settings.policy is not None:
        receiver = _receiver(session, patience)
        done += [asdict(receiver.receive(one)) for one in receiver.unfinished()]
    session.output.data(done)


@command(group, "show", "查看交接")
@click.argument("offer")
def show(session: Session, offer: str) -> None:
    """Show the hand-over of OFFER as it stands now."""
    show_object(session, session.output.pick("Hand-over", "交接"), named(session.client.run(requests.transfer(offer))))
