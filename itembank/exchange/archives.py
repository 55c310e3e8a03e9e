"""Zip files from strangers: every member is named safely and counted while it is read, or the whole file is refused."""

import io
import stat
import struct
import zipfile
import zlib
from pathlib import PurePosixPath

from itembank.errors import FileRefused
from itembank.records import Record

CHUNK = 1 << 16
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    LookupError,
    ValueError,
    OSError,
)
LONGEST_NAME = 1_000
IGNORED = ("__MACOSX/", ".DS_Store", "Thumbs.db")


class ArchiveLimits(Record, frozen=True, kw_only=True):
    """How much a package may hold. `ratio` bounds how far the whole may grow, once it is larger than `ratio_from`."""

    members: int = 50_000
    member_bytes: int = 200_000_000
    total_bytes: int = 1_000_000_000
    ratio: int = 200
    ratio_from: int = 20_000_000


def read_archive(data: bytes, limits: ArchiveLimits | None = None) -> dict[str, bytes]:
    """All files of a zip by their names, in the archive's order.

    Raises:
        FileRefused: naming the member and the reason; nothing is kept of a refused archive.
    """
    bounds = limits or ArchiveLimits()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = _checked(archive.infolist(), bounds)
            return _read_all(archive, members, len(data), bounds)
    except FileRefused:
        raise
    except UNREADABLE as failure:
        raise FileRefused(f"The package is not a readable zip file ({failure}); export it again.") from None
    except RuntimeError as failure:
        raise FileRefused(f"The package cannot be opened ({failure}); send it without a password.") from None


def _checked(members: list[zipfile.ZipInfo], limits: ArchiveLimits) -> list[zipfile.ZipInfo]:
    if len(members) > limits.members:
        raise FileRefused(f"The package holds {len(members)} members; at most {limits.members} are accepted. Split it.")
    if sum(member.file_size for member in members) > limits.total_bytes:
        raise FileRefused(f"The package would unpack to more than {limits.total_bytes} bytes; split it.")
    files = [member for member in members if not member.filename.endswith("/")]
    seen: set[str] = set()
    for member in files:
        _check_member(member)
        if member.filename in seen:
            raise FileRefused(f"The package holds '{_shown(member)}' twice; keep one.")
        seen.add(member.filename)
    return [member for member in files if not _ignored(member.filename)]


def _ignored(name: str) -> bool:
    return name.startswith(IGNORED[0]) or name.rsplit("/", 1)[-1] in IGNORED


def _shown(member: zipfile.ZipInfo) -> str:
    return "".join(character if character.isprintable() else "?" for character in member.filename[:80])


def _check_member(member: zipfile.ZipInfo) -> None:
    if not member.filename.isprintable() or len(member.filename) > LONGEST_NAME:
        raise FileRefused(f"The package holds a file whose name cannot be read ('{_shown(member)}'); rename it.")
    if not is_safe_name(member.filename):
        raise FileRefused(f"The package names a file outside itself ('{_shown(member)}'); nothing was unpacked.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise FileRefused(f"The package holds a symbolic link ('{_shown(member)}'); replace it by the file itself.")
    if member.flag_bits & 0x1:
        raise FileRefused(f"'{_shown(member)}' in the package is encrypted; send it without a password.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise FileRefused(f"'{_shown(member)}' is packed by an unusual method; zip the package again with deflate.")


def is_safe_name(name: str) -> bool:
    """Whether a member's name stays inside the package: relative, forward slashes, no '..', no control characters."""
    parts = PurePosixPath(name).parts
    plain = bool(parts) and name.isprintable() and "\\" not in name and ":" not in parts[0]
    return plain and not name.startswith("/") and ".." not in parts and len(name) <= LONGEST_NAME


def _read_all(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], packed: int, limits: ArchiveLimits
) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    for member in members:
        most = min(limits.member_bytes, _allowance(packed, limits) - total)
        files[member.filename] = _read_member(archive, member, most)
        total += len(files[member.filename])
    return files


def _allowance(packed: int, limits: ArchiveLimits) -> int:
    """How many bytes the whole may unpack to: a small archive that grows hugely is a bomb."""
    return min(limits.total_bytes, max(limits.ratio_from, packed * limits.ratio))


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    """The member's bytes, counted as they come, whatever size its header claims."""
    parts: list[bytes] = []
    size = 0
    with archive.open(member) as stream:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > most:
                raise FileRefused(f"'{_shown(member)}' unpacks to more than the {most} bytes allowed; split it.")
            parts.append(chunk)
    if size != member.file_size:
        raise FileRefused(f"'{_shown(member)}' has {size} bytes although its header claims {member.file_size}.")
    return b"".join(parts)
