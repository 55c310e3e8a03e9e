"""Zip files that mean harm, or lie, are refused with the reason and the name of the member."""

import contextlib
import io
import stat
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from itembank.errors import FileRefused
from itembank.exchange.archives import ArchiveLimits, is_safe_name, read_archive

SMALL = ArchiveLimits(members=5, member_bytes=2_000_000, total_bytes=5_000_000, ratio=50, ratio_from=100_000)


def zipped(*members, method=zipfile.ZIP_DEFLATED):
    holder = io.BytesIO()
    with zipfile.ZipFile(holder, "w", method) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return holder.getvalue()


def test_plain_files_come_back_in_order_without_folders_and_rubbish():
    data = zipped(("b/x.xml", b"1"), ("b/", b""), ("__MACOSX/b/x", b"2"), ("b/.DS_Store", b"3"), ("a.xml", b"4"))
    assert list(read_archive(data).items()) == [("b/x.xml", b"1"), ("a.xml", b"4")]


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/passwd", "C:/x", "a\\..\\x", "a/./../../x", "x\x01y", "..", "a\u202eb"]
)
def test_names_that_leave_the_package_are_refused(name):
    assert not is_safe_name(name)
    words = "outside itself" if name.isprintable() else "cannot be read"
    with pytest.raises(FileRefused, match=words):
        read_archive(zipped((name, b"1")))


def test_a_bomb_is_refused_before_it_is_unpacked_whole():
    bomb = zipped(("a.xml", b"\0" * 3_000_000))
    assert len(bomb) < 5_000
    with pytest.raises(FileRefused, match="unpacks to more"):
        read_archive(bomb, SMALL)


def test_many_members_and_large_totals_are_refused():
    with pytest.raises(FileRefused, match="members"):
        read_archive(zipped(*((f"{n}.txt", b"") for n in range(6))), SMALL)
    big = bytes(range(256)) * 5000
    with pytest.raises(FileRefused, match="more than 5000000"):
        read_archive(zipped(*((f"{n}.bin", big) for n in range(5)), method=zipfile.ZIP_STORED), SMALL)


def test_a_lying_size_header_does_not_get_past_the_counting():
    data = bytearray(zipped(("a.xml", b"\0" * 3_000_000)))
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 24, 10)
    with pytest.raises(FileRefused):
        read_archive(bytes(data), SMALL)


def test_links_encryption_and_doubled_names_are_refused():
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(FileRefused, match="symbolic link"):
        read_archive(zipped((link, b"/etc/passwd")))
    locked = bytearray(zipped(("a.xml", b"1")))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(FileRefused, match="password"):
        read_archive(bytes(locked))
    with pytest.warns(UserWarning, match="Duplicate"):
        doubled = zipped(("a.xml", b"1"), ("a.xml", b"2"))
    with pytest.raises(FileRefused, match="twice"):
        read_archive(doubled)


def test_unusual_packing_is_refused():
    with pytest.raises(FileRefused, match="unusual method"):
        read_archive(zipped(("a.xml", b"1" * 100), method=zipfile.ZIP_BZIP2))


@pytest.mark.parametrize("cut", [0, 3, 10, 30, 60])
def test_truncated_and_false_archives_are_refused(cut):
    whole = zipped(("a.xml", b"some content that is long enough"))
    with pytest.raises(FileRefused):
        read_archive(whole[:cut])


@settings(deadline=None)
@given(st.data())
def test_no_damaged_archive_crashes(data):
    whole = bytearray(zipped(("a.xml", b"content " * 20), ("b/c.png", bytes(range(200)))))
    for _ in range(data.draw(st.integers(1, 6))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(FileRefused):
        assert all(is_safe_name(name) for name in read_archive(bytes(whole), SMALL))
