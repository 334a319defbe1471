"""`suyuan key`: key files, and a member's keys on the ledger."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import click
import msgspec

from clients.cli.command import command, new_group
from clients.cli.errors import SettingMissing
from clients.cli.results import show_listed, show_object, show_receipted
from clients.cli.session import PASSPHRASE_VARIABLE, Session, write_new
from clients.sdk.answers import Json, read_json
from clients.sdk.wire import Call, Request
from ledger.codes import check_uscc
from ledger.encoding import base64url, decode_base64url
from ledger.keyfile import SECRET_SIZE, KeyKind, PrivateKey, dump_key
from ledger.kinds.fields import Jwk
from ledger.kinds.keys import KeyAdd, KeyRevoke, KeyRotate

KEY_FILE_MODE = 0o600
group = new_group("key", "Make key files and manage a member's keys.", "生成密钥文件，管理成员密钥。")
_file = click.Path(path_type=Path, dir_okay=False)


def _facts(key: PrivateKey) -> dict[str, object]:
    public = key.encryption_key() if key.kind == "X25519" else key.signer().public
    return {"kind": key.kind, "kid": base64url(public.thumbprint), "public": public.to_json()}


def _jwk(key: PrivateKey) -> Jwk:
    return msgspec.convert(_facts(key)["public"], Jwk)


@command(group, "new", "生成加密的密钥文件")
@click.argument("file", type=_file)
@click.option("--p256", "kind", flag_value="P-256", help="a P-256 signing key instead of Ed25519")
@click.option("--encryption", "kind", flag_value="X25519", help="an X25519 encryption key")
def new(session: Session, file: Path, kind: KeyKind | None) -> None:
    """Make a new key and write it to FILE, encrypted under the passphrase."""
    passphrase = session.passphrase(new=True)
    if passphrase is None:
        raise SettingMissing(name="passphrase_file", flag="--passphrase-file", variable=PASSPHRASE_VARIABLE)
    key = _draw(kind or "Ed25519")
    write_new(file, dump_key(key, passphrase.text), KEY_FILE_MODE)
    show_object(session, session.output.pick("Key", "密钥"), {**_facts(key), "file": str(file)})


def _draw(kind: KeyKind) -> PrivateKey:
    if kind != "P-256":
        return PrivateKey(kind, os.urandom(SECRET_SIZE))
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    value = generate_private_key(SECP256R1()).private_numbers().private_value
    return PrivateKey("P-256", value.to_bytes(SECRET_SIZE, "big"))


@command(group, "show", "显示密钥文件的公钥")
@click.argument("file", type=_file, required=False)
def show(session: Session, file: Path | None) -> None:
    """Show the public key of FILE, or of the key that is set."""
    path = file or Path(session.needed("key")).expanduser()
    show_object(session, session.output.pick("Key", "密钥"), _facts(session.private_key(path)))


@command(group, "list", "列出成员在账本上的密钥")
@click.argument("member", required=False)
def list_keys(session: Session, member: str | None) -> None:
    """List a member's keys on the ledger with their history."""
    uscc = check_uscc(member or session.needed("member"))
    path = f"/v1/members/{uscc}"
    call: Call[Json] = Call(Request("GET", path), read_json(dict[str, object], path), bearer=True)
    found = session.client.run(call).get("keys")
    rows = [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
    names = ("kid", "use", "kinds", "active_from", "retires_at", "replaced_by", "revoked_at", "suspect_from")
    show_listed(session, uscc, names, rows)


@command(group, "add", "登记新增密钥")
@click.argument("file", type=_file)
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="limit to this kind or family (repeatable)")
def add(session: Session, file: Path, kinds: tuple[str, ...]) -> None:
    """Register the key of FILE for the member, signing or encryption."""
    key, identity = session.private_key(file), session.identity
    use: Literal["sign", "encrypt"] = "encrypt" if key.kind == "X25519" else "sign"
    proof = None
    if use == "sign":
        proof = identity.prove_possession(key.signer(), _origin(session))
    payload = KeyAdd(**identity.head(KeyAdd), use=use, key=_jwk(key), kinds=sorted(set(kinds)) or None, pop=proof)
    show_receipted(session, session.submit(payload), kid=_facts(key)["kid"])


@command(group, "rotate", "轮换密钥，或取消轮换")
@click.argument("file", type=_file, required=False)
@click.option("--old", metavar="KID", help="the key that is replaced; the one that signs if absent")
@click.option("--cancel", is_flag=True, help="cancel the rotation of the old key")
def rotate(session: Session, file: Path | None, old: str | None, cancel: bool) -> None:
    """Replace a key by the key of FILE after the policy's delay, or cancel that."""
    if cancel == (file is not None):
        raise click.UsageError("give either FILE or --cancel")
    identity = session.identity
    kid = identity.kid if old is None else old
    old_kid = decode_base64url(kid, 32)
    if file is None:
        payload = KeyRotate(**identity.head(KeyRotate), old=kid, cancel=True)
    else:
        key = session.private_key(file)
        proof = identity.prove_possession(key.signer(), _origin(session), old_kid)
        payload = KeyRotate(**identity.head(KeyRotate), old=kid, key=_jwk(key), pop=proof)
    show_receipted(session, session.submit(payload), old=kid)


@command(group, "revoke", "吊销密钥")
@click.argument("kid")
@click.option(
    "--reason", type=click.Choice(["compromised", "superseded", "ceased", "other"]), default="other", show_default=True
)
@click.option("--suspect-from", metavar="TIME", help="since when it is doubtful, YYYY-MM-DDTHH:MM:SSZ")
def revoke(
    session: Session,
    kid: str,
    reason: Literal["compromised", "superseded", "ceased", "other"],
    suspect_from: str | None,
) -> None:
    """Revoke a key of the member; it ends with this statement."""
    head = session.identity.head(KeyRevoke)
    payload = KeyRevoke(**head, kid=kid, reason=reason, suspect_from=suspect_from)
    show_receipted(session, session.submit(payload), kid=kid)


def _origin(session: Session) -> str:
    return session.signing_client.audience().partition("#")[0]
