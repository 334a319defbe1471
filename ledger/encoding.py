"""Deterministic CBOR and canonical JSON: one way to write each value, and strict ways to read it.

CBOR is RFC 8949 section 4.2.1 (core deterministic encoding) over the types the formats use: integers of 64 bits,
byte and text strings, arrays, maps, booleans, null and tag 18. Map keys are ordered by the bytes of their encoding;
the `canonical` option of the underlying library orders them by length first (RFC 7049), so it is not used.

JSON is RFC 8785 (JCS) over strings, integers within 2^53 - 1, booleans, arrays and objects with keys
`[A-Za-z0-9_]+`. In that subset sorting the keys and writing no blanks is all that JCS asks for, which a fast encoder
does; the tests prove it equal to a reference implementation.

Strictness is rebuild and compare: what was read is written again, and the bytes have to be the same.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, cast

import cbor2
import msgspec

from ledger.errors import FormError, Text

CborKey: TypeAlias = int | str | bytes
CborValue: TypeAlias = (
    "int | str | bytes | bool | cbor2.CBORTag | Sequence[CborValue] | Mapping[CborKey, CborValue] | None"
)
JsonValue: TypeAlias = "str | int | bool | list[JsonValue] | dict[str, JsonValue]"
JsonObject: TypeAlias = dict[str, JsonValue]

MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader holds exactly (RFC 8785 appendix B)."""
MAX_DEPTH = 16
"""The deepest nesting of arrays and maps that is read or written, in CBOR and in JSON."""
TAG_SIGN1 = 18
"""The CBOR tag of a COSE_Sign1 (RFC 9052 section 2), the only tag that the formats use."""
DIGEST_SIZE = 32
"""Bytes in a SHA-256 digest."""

_MIN_CBOR_INTEGER, _MAX_CBOR_INTEGER = -(2**64), 2**64 - 1
_KEY = re.compile(r"[A-Za-z0-9_]+")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"(\s*:)?', re.DOTALL)
_HEX_DIGEST = re.compile(r"[0-9a-f]{64}")


class CborMalformed(FormError):
    """The bytes are not one well-formed CBOR item."""

    code = "form.cbor.malformed"
    what = Text(
        "The bytes are not one well-formed CBOR item: {detail}.", "字节不是一个格式正确的 CBOR 数据项：{detail}。"
    )


class NotCanonical(FormError):
    """The CBOR item is well formed but not in deterministic form."""

    code = "form.cbor.not_canonical"
    what = Text("The CBOR item is not in deterministic form.", "该 CBOR 数据项不是确定性编码。")
    why = Text(
        "RFC 8949 section 4.2.1 leaves one encoding for each value.", "RFC 8949 第 4.2.1 节规定每个值只有一种编码。"
    )


class CborType(FormError):
    """A value of a type that the formats do not use."""

    code = "form.cbor.type"
    what = Text(
        "The formats have no place for a value of type {found} in CBOR.", "本格式的 CBOR 不允许 {found} 类型的值。"
    )


class CborTooDeep(FormError):
    """Arrays and maps are nested too deeply."""

    code = "form.cbor.depth"
    what = Text("The CBOR item is nested deeper than {limit} levels.", "该 CBOR 数据项嵌套超过 {limit} 层。")


class JsonMalformed(FormError):
    """The bytes are not one JSON text."""

    code = "form.json.malformed"
    what = Text("The bytes are not one JSON text in UTF-8: {detail}.", "字节不是一个 UTF-8 JSON 文本：{detail}。")


class JsonNotCanonical(FormError):
    """The JSON text is not in RFC 8785 form."""

    code = "form.json.not_canonical"
    what = Text("The JSON text is not in RFC 8785 form.", "该 JSON 文本不符合 RFC 8785 规范形式。")
    why = Text("Order of keys, blanks or escapes differ.", "键的顺序、空白或转义不同。")


class JsonDuplicateKey(FormError):
    """An object names a key twice."""

    code = "form.json.duplicate_key"
    what = Text("A JSON object names a key more than once.", "JSON 对象中有重复的键。")


class JsonFloat(FormError):
    """A number with a fraction or an exponent."""

    code = "form.json.float"
    what = Text("A JSON number has a fraction or an exponent.", "JSON 数字含有小数或指数。")
    next_step = Text("Write amounts as integers in minor units.", "金额请以最小货币单位的整数表示。")


class JsonNull(FormError):
    """A null value."""

    code = "form.json.null"
    what = Text("A JSON value is null.", "JSON 值为 null。")
    next_step = Text("Leave an absent field out.", "缺省字段请省略。")


class JsonInteger(FormError):
    """An integer that not every reader holds exactly."""

    code = "form.json.integer"
    what = Text("A JSON integer lies outside ±(2^53 - 1).", "JSON 整数超出 ±(2^53 - 1)。")


class JsonKey(FormError):
    """A key with a character that is not allowed."""

    code = "form.json.key"
    what = Text("The JSON key {key} is not of the form [A-Za-z0-9_]+.", "JSON 键 {key} 不符合 [A-Za-z0-9_]+。")


class JsonType(FormError):
    """A value that JSON in the formats cannot hold, or not what is wanted at the top."""

    code = "form.json.type"
    what = Text("A JSON value of type {found} stands where {wanted} is wanted.", "此处应为 {wanted}，实际为 {found}。")


class JsonTooDeep(FormError):
    """Arrays and objects are nested too deeply."""

    code = "form.json.depth"
    what = Text("The JSON text is nested deeper than {limit} levels.", "JSON 文本嵌套超过 {limit} 层。")


class Base64Malformed(FormError):
    """Not unpadded base64url, or of the wrong length."""

    code = "form.base64url"
    what = Text("The text is not unpadded base64url of the right length.", "文本不是长度正确的无填充 base64url。")


class DigestMalformed(FormError):
    """Not a digest in lower-case hex."""

    code = "form.digest"
    what = Text("The text is not a SHA-256 digest in lower-case hex.", "文本不是小写十六进制的 SHA-256 摘要。")


def _refuse_tag(*_: object) -> object:
    # The library would turn built-in tags into dates, patterns and big numbers before the types are looked at.
    raise CborType(found="tag")


_BUILT_IN_TAGS = (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799)
_REFUSED_TAGS: dict[int, Callable[..., object]] = dict.fromkeys(_BUILT_IN_TAGS, _refuse_tag)


def encode_cbor(value: CborValue) -> bytes:
    """Return the one deterministic encoding of `value` (RFC 8949 section 4.2.1).

    Raises `CborType` for floats, sets, other tags than 18 and integers over 64 bits, `CborTooDeep` past `MAX_DEPTH`.
    """
    try:
        return bytes(cbor2.dumps(_ordered(value, MAX_DEPTH)))
    except UnicodeEncodeError as error:
        raise CborType(found="text with a lone surrogate") from error
    except cbor2.CBOREncodeError as error:
        raise CborType(found=type(value).__name__) from error


def _ordered(value: object, depth: int) -> object:
    """Return `value` with every map in bytewise key order, having checked every type."""
    kind = type(value)
    if kind is bytes or kind is str or kind is bool or value is None:
        return value
    if kind is int:
        if _MIN_CBOR_INTEGER <= cast("int", value) <= _MAX_CBOR_INTEGER:
            return value
        raise CborType(found="integer over 64 bits")
    if depth == 0:
        raise CborTooDeep(limit=MAX_DEPTH)
    if kind is list or kind is tuple:
        return [_ordered(item, depth - 1) for item in cast("list[object]", value)]
    if kind is dict or kind is cbor2.frozendict:
        pairs = []
        for key, item in cast("dict[object, object]", value).items():
            if type(key) not in (int, str, bytes):
                raise CborType(found=f"map key {type(key).__name__}")
            pairs.append((bytes(cbor2.dumps(key)), key, _ordered(item, depth - 1)))
        pairs.sort(key=lambda pair: pair[0])
        return {key: item for _, key, item in pairs}
    if isinstance(value, cbor2.CBORTag) and value.tag == TAG_SIGN1:
        return cbor2.CBORTag(TAG_SIGN1, _ordered(value.value, depth - 1))
    raise CborType(found=kind.__name__)


def decode_canonical(data: bytes) -> CborValue:
    """Read one deterministic CBOR item that fills `data`; arrays become lists, maps become dicts.

    Raises `CborMalformed`, `CborType`, `CborTooDeep` or `NotCanonical`.
    """
    # The library reads what is inside a tag into tuples and frozen maps; ordering makes plain lists and dicts of them.
    value = cast("CborValue", _ordered(load_cbor(data), MAX_DEPTH))
    if cbor2.dumps(value) != data:
        raise NotCanonical
    return value


def load_cbor(data: bytes) -> CborValue:
    """Read one CBOR item without comparing; only for callers that rebuild and compare the bytes themselves."""
    try:
        return cast(
            "CborValue",
            cbor2.loads(
                data,
                semantic_decoders=_REFUSED_TAGS,
                max_depth=MAX_DEPTH + 1,
                allow_indefinite=False,
                allow_duplicate_keys=False,
            ),
        )
    except (cbor2.CBORError, ValueError, RecursionError, OverflowError, TypeError, MemoryError) as error:
        if isinstance(error.__cause__, CborType):
            raise error.__cause__ from None
        raise CborMalformed(detail=str(error)) from error


def _refuse_float(_: str) -> object:
    raise JsonFloat


_json_encoder = msgspec.json.Encoder(order="sorted")
_json_decoder = msgspec.json.Decoder(float_hook=_refuse_float)


def encode_json(value: object) -> bytes:
    """Return the RFC 8785 form of `value`, which must lie in the subset of the module's docstring.

    Raises `JsonFloat`, `JsonNull`, `JsonInteger`, `JsonKey`, `JsonType` or `JsonTooDeep`.
    """
    _check_json(value, MAX_DEPTH)
    try:
        return _json_encoder.encode(value)
    except UnicodeEncodeError as error:
        raise JsonType(found="text with a lone surrogate", wanted="text") from error


def _check_json(value: object, depth: int) -> None:
    kind = type(value)
    if kind is str or kind is bool:
        return
    if kind is int:
        if not -MAX_SAFE_INTEGER <= cast("int", value) <= MAX_SAFE_INTEGER:
            raise JsonInteger
    elif kind is dict:
        if depth == 0:
            raise JsonTooDeep(limit=MAX_DEPTH)
        for key, item in cast("dict[object, object]", value).items():
            if type(key) is not str or _KEY.fullmatch(key) is None:
                raise JsonKey(key=repr(key))
            if type(item) is not str:
                _check_json(item, depth - 1)
    elif kind is list:
        if depth == 0:
            raise JsonTooDeep(limit=MAX_DEPTH)
        for item in cast("list[object]", value):
            if type(item) is not str:
                _check_json(item, depth - 1)
    else:
        raise _refusal_of(value)


def _refusal_of(value: object) -> FormError:
    """Return the error for a JSON value of a type that is not allowed."""
    if value is None:
        return JsonNull()
    if isinstance(value, float):
        return JsonFloat()
    return JsonType(found=type(value).__name__, wanted="str, int, bool, list, dict")


def decode_json(data: bytes) -> JsonValue:
    """Read one RFC 8785 text of the subset that fills `data`.

    Raises `JsonMalformed`, `JsonDuplicateKey`, `JsonNotCanonical` or what `encode_json` raises.
    """
    try:
        value = _json_decoder.decode(data)
    except msgspec.ValidationError as error:
        # The decoder wraps what a hook raises; the only hook refuses floats.
        raise JsonFloat from error
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise JsonMalformed(detail=str(error)) from error
    _check_json(value, MAX_DEPTH)
    if _json_encoder.encode(value) != data:
        raise JsonDuplicateKey if _names_a_key_twice(data) else JsonNotCanonical
    return cast("JsonValue", value)


def _names_a_key_twice(data: bytes) -> bool:
    """Say whether the well-formed JSON text `data` repeats a key; only asked once the text is known to be wrong."""
    written = sum(1 for found in _STRING.finditer(data) if found[1])
    return written > _count_keys(_json_decoder.decode(data))


def _count_keys(value: object) -> int:
    if isinstance(value, dict):
        return len(value) + sum(_count_keys(item) for item in value.values())
    return sum(_count_keys(item) for item in value) if isinstance(value, list) else 0


def decode_json_object(data: bytes) -> JsonObject:
    """Read one RFC 8785 text whose top is an object; otherwise as `decode_json`."""
    value = decode_json(data)
    if not isinstance(value, dict):
        raise JsonType(found=type(value).__name__, wanted="dict")
    return value


def base64url(data: bytes) -> str:
    """Return unpadded base64url (RFC 4648 section 5)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode_base64url(text: str, size: int | None = None) -> bytes:
    """Read unpadded base64url of exactly `size` bytes (any number when None); raises `Base64Malformed`."""
    try:
        data = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except ValueError as error:
        raise Base64Malformed from error
    if base64url(data) != text or (size is not None and len(data) != size):
        raise Base64Malformed
    return data


def decode_digest(text: str) -> bytes:
    """Read a SHA-256 digest of 64 lower-case hex characters; raises `DigestMalformed`."""
    if _HEX_DIGEST.fullmatch(text) is None:
        raise DigestMalformed
    return bytes.fromhex(text)


def require_size(data: bytes, size: int, name: str) -> bytes:
    """Return `data` if it is `size` bytes long; raises `WrongSize` naming what it is."""
    if len(data) != size:
        raise WrongSize(name=name, size=size, found=len(data))
    return data


class WrongSize(FormError):
    """A key, salt or digest of the wrong length."""

    code = "form.size"
    what = Text("{name} has {found} bytes instead of {size}.", "{name} 应为 {size} 字节，实际 {found} 字节。")
