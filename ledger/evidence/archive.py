"""The zip container of a bundle: written one way only, read with every limit checked before anything is unpacked.

Values in, values out: the whole archive is bytes in memory. Written archives are stored without compression, with one
fixed time stamp and names in order, so the same files give the same bytes. Archives that other programs packed again,
compressed or not, are read as well; what counts is what the files say.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ledger.errors import FormError, Text

MAX_ARCHIVE_BYTES: Final = 256 * 2**20
"""Longest archive that is looked at."""
MAX_FILES: Final = 50_000
"""Most files of one bundle; a zip without 64-bit extensions ends at 65,535."""
MAX_FILE_BYTES: Final = 64 * 2**20
"""Longest file once unpacked; a file that says or gives more is refused."""
MAX_TOTAL_BYTES: Final = 512 * 2**20
"""Most bytes of all files together once unpacked."""

_NAME = re.compile(r"[A-Za-z0-9_-]+(?:[./][A-Za-z0-9_-]+)*")
_MAX_NAME: Final = 200
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_LOCAL_HEAD = struct.Struct("<4s5H3I2H")
_CENTRAL_HEAD = struct.Struct("<4s6H3I5H2I")
_END_HEAD = struct.Struct("<4s4H2IH")
_STORED, _DEFLATED = 0, 8
_VERSION: Final = 20
_UTF8_FLAG, _ENCRYPTED_FLAG = 0x0800, 0x0001
_DOS_TIME, _DOS_DATE = 0, 0x0021
"""1980-01-01 00:00:00, the earliest time a zip can say: a bundle's time stands in its manifest."""


class ArchiveMalformed(FormError):
    """The bytes are not a zip archive that a bundle can be."""

    code = "bundle.archive"
    what = Text("The file is not a readable evidence bundle: {detail}.", "该文件不是可读的证据包：{detail}。")
    next_step = Text("Obtain the bundle again from whoever made it.", "请向制作方重新获取证据包。")


class ArchiveTooLarge(FormError):
    """More bytes or files than a bundle may have, packed or unpacked."""

    code = "bundle.archive.size"
    what = Text("The archive has more than {limit} {unit}.", "归档超过 {limit} {unit}。")
    next_step = Text("Ask for a bundle about fewer statements.", "请索取涉及更少语句的证据包。")


class ArchiveName(FormError):
    """A file name that leads out of the archive, stands twice, or is of no form that bundles have."""

    code = "bundle.archive.name"
    what = Text("The archive holds a file name that may not stand there: {name}.", "归档中存在不允许的文件名：{name}。")
    next_step = Text("Do not unpack it with other programs.", "请勿使用其他程序解包。")


@dataclass(frozen=True, slots=True)
class _Member:
    """One entry of the central directory."""

    name: str
    method: int
    checksum: int
    packed: int
    size: int
    offset: int


def write_archive(files: Mapping[str, bytes]) -> bytes:
    """Return the zip archive of `files` (name → bytes); the same files give the same bytes.

    Raises `ArchiveName` or `ArchiveTooLarge`.
    """
    if len(files) > MAX_FILES:
        raise ArchiveTooLarge(limit=MAX_FILES, unit="files")
    body: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for name in sorted(files):
        data = files[name]
        _check_name(name)
        if len(data) > MAX_FILE_BYTES:
            raise ArchiveTooLarge(limit=MAX_FILE_BYTES, unit="bytes in a file")
        encoded = name.encode("ascii")
        facts = (_UTF8_FLAG, _STORED, _DOS_TIME, _DOS_DATE, zlib.crc32(data), len(data), len(data), len(encoded), 0)
        local = _LOCAL_HEAD.pack(_LOCAL, _VERSION, *facts) + encoded
        central = _CENTRAL_HEAD.pack(_CENTRAL, _VERSION, _VERSION, *facts, 0, 0, 0, 0, offset)
        directory.append(central + encoded)
        body += (local, data)
        offset += len(local) + len(data)
        if offset > MAX_ARCHIVE_BYTES:
            raise ArchiveTooLarge(limit=MAX_ARCHIVE_BYTES, unit="bytes")
    listing = b"".join(directory)
    end = _END_HEAD.pack(_END, 0, 0, len(files), len(files), len(listing), offset, 0)
    return b"".join((*body, listing, end))


def read_archive(data: bytes) -> dict[str, bytes]:
    """Return the files of an archive by name.

    Raises `ArchiveMalformed`, `ArchiveTooLarge` (before more than the limits is unpacked), or `ArchiveName` for names
    that stand twice or could lead out of a folder.
    """
    if len(data) > MAX_ARCHIVE_BYTES:
        raise ArchiveTooLarge(limit=MAX_ARCHIVE_BYTES, unit="bytes")
    members = _directory(data)
    files: dict[str, bytes] = {}
    for member in members:
        if member.name in files:
            raise ArchiveName(name=f"{member.name} (twice)")
        files[member.name] = _unpack(data, member)
    return files


def _check_name(name: str) -> None:
    if len(name) > _MAX_NAME or _NAME.fullmatch(name) is None:
        raise ArchiveName(name=ascii(name[:_MAX_NAME])[1:-1])


def _directory(data: bytes) -> list[_Member]:
    """Read the central directory, whose end record must be the last thing in the file."""
    at = len(data) - _END_HEAD.size
    if at < 0 or data[at : at + 4] != _END:
        raise ArchiveMalformed(detail="it does not end in a zip directory")
    _, disk, first_disk, here, count, size, start, _ = _END_HEAD.unpack_from(data, at)
    if disk or first_disk or here != count or start + size != at:
        raise ArchiveMalformed(detail="its directory does not fit the file")
    if count > MAX_FILES:
        raise ArchiveTooLarge(limit=MAX_FILES, unit="files")
    members: list[_Member] = []
    position, total = start, 0
    for _ in range(count):
        member, position = _member(data, position, at)
        members.append(member)
        total += member.size
        if member.size > MAX_FILE_BYTES or total > MAX_TOTAL_BYTES:
            raise ArchiveTooLarge(limit=MAX_TOTAL_BYTES, unit="bytes unpacked")
    if position != at:
        raise ArchiveMalformed(detail="its directory does not fit the file")
    return members


def _member(data: bytes, position: int, end: int) -> tuple[_Member, int]:
    if position + _CENTRAL_HEAD.size > end:
        raise ArchiveMalformed(detail="its directory is cut off")
    head = _CENTRAL_HEAD.unpack_from(data, position)
    magic, flags, method, checksum, packed, size = head[0], head[3], head[4], head[7], head[8], head[9]
    name_length, extra, comment, offset = head[10], head[11], head[12], head[16]
    if magic != _CENTRAL or flags & _ENCRYPTED_FLAG or method not in (_STORED, _DEFLATED):
        raise ArchiveMalformed(detail="an entry is encrypted or packed in an unknown way")
    begin = position + _CENTRAL_HEAD.size
    after = begin + name_length + extra + comment
    if after > end:
        raise ArchiveMalformed(detail="its directory is cut off")
    name = data[begin : begin + name_length].decode("utf-8", "replace")
    _check_name(name)
    return _Member(name, method, checksum, packed, size, offset), after


def _unpack(data: bytes, member: _Member) -> bytes:
    if member.offset + _LOCAL_HEAD.size > len(data):
        raise ArchiveMalformed(detail=f"{member.name} lies outside the file")
    head = _LOCAL_HEAD.unpack_from(data, member.offset)
    begin = member.offset + _LOCAL_HEAD.size
    name = data[begin : begin + head[9]]
    start = begin + head[9] + head[10]
    if head[0] != _LOCAL or name != member.name.encode("ascii") or start + member.packed > len(data):
        raise ArchiveMalformed(detail=f"{member.name} does not fit the directory")
    packed = data[start : start + member.packed]
    content = packed if member.method == _STORED else _inflate(packed, member)
    if len(content) != member.size or zlib.crc32(content) != member.checksum:
        raise ArchiveMalformed(detail=f"{member.name} is damaged")
    return content


def _inflate(packed: bytes, member: _Member) -> bytes:
    """Unpack at most the size that the directory states, whatever the packed bytes would give."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = stream.decompress(packed, member.size + 1)
    except zlib.error as error:
        raise ArchiveMalformed(detail=f"{member.name} is damaged") from error
    if not stream.eof or stream.unused_data:
        raise ArchiveMalformed(detail=f"{member.name} unpacks to another size than stated")
    return content
