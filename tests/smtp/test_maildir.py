"""A Maildir as the next hop: on the disk before it is said to be taken, and nowhere by half."""

import resource
from pathlib import Path

import pytest

from sluis.smtp.hop import HopError, Trouble
from sluis.smtp.maildir import MaildirConnector, store, unique_name

MESSAGE = b"Subject: x\r\n\r\nbody\r\n"


async def delivered(path: Path, sender: bytes, *, return_path: bool) -> bytes:
    """What lies in `path` after one delivery."""
    hop = await MaildirConnector(path, return_path=return_path)(None)
    for reply in (await hop.mail(sender), await hop.rcpt(b"<b@reader.example>"), await hop.data(MESSAGE)):
        assert reply.positive
    (file,) = (path / "new").iterdir()
    return file.read_bytes()


async def test_a_message_lies_in_new_octet_for_octet(tmp_path: Path) -> None:
    assert await delivered(tmp_path / "mail", b"<a@b.example>", return_path=False) == MESSAGE
    assert [*(tmp_path / "mail" / "tmp").iterdir()] == []


@pytest.mark.parametrize(
    ("sender", "path"),
    [
        (b"<a@b.example>", b"<a@b.example>"),
        (b"<> SIZE=20 BODY=8BITMIME", b"<>"),
        (b'<"a> b"@c.example> SIZE=1', b'<"a> b"@c.example>'),
    ],
)
async def test_the_return_path_is_the_reverse_path(tmp_path: Path, sender: bytes, path: bytes) -> None:
    assert await delivered(tmp_path, sender, return_path=True) == b"Return-Path: " + path + b"\r\n" + MESSAGE


def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    MaildirConnector(tmp_path / "mail", return_path=False)
    file = store(tmp_path / "mail", MESSAGE)
    assert [path.stat().st_mode & 0o077 for path in (file, tmp_path / "mail" / "new")] == [0, 0]


async def test_a_store_that_fails_takes_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    hop = await MaildirConnector(tmp_path, return_path=False)(None)
    (tmp_path / "new").rmdir()
    with pytest.raises(HopError) as caught:
        await hop.data(MESSAGE)
    assert caught.value.trouble is Trouble.STORE
    assert [*(tmp_path / "tmp").iterdir()] == []


async def test_a_disk_that_takes_no_more_takes_nothing(tmp_path: Path) -> None:
    """Made with the limit on the length of a file, which is refused as a full disk is: in the middle of it."""
    hop = await MaildirConnector(tmp_path, return_path=False)(None)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(HopError):
            await hop.data(MESSAGE * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [*(tmp_path / "tmp").iterdir(), *(tmp_path / "new").iterdir()] == []


def test_names_are_unique_and_of_one_folder() -> None:
    names = {unique_name() for _ in range(1000)}
    assert len(names) == 1000
    assert not any("/" in name or ":" in name for name in names)
