"""Sizes heard in passing, no more of them than may be kept."""

from sluis.imap.sizes import Sizes


def test_what_is_heard() -> None:
    sizes = Sizes()
    for line in (
        b"* 1 FETCH (UID 7 RFC822.SIZE 90)\r\n",
        b"* 2 FETCH (RFC822.SIZE 91 FLAGS (\\Seen) uid 8)\r\n",
        b"* 3 FETCH (UID 9)\r\n",
        b"* 4 FETCH (RFC822.SIZE 93)\r\n",
        b"* 5 FETCH (XUID 11 RFC822.SIZE 93)\r\n",
    ):
        sizes.hear(line)
    assert [sizes.get(uid) for uid in (7, 8, 9, 11)] == [90, 91, None, None]
    sizes.clear()
    assert sizes.get(7) is None


def test_what_was_heard_first_is_forgotten_first() -> None:
    sizes = Sizes()
    for uid in range(1, 10_002):
        sizes.hear(b"* 1 FETCH (UID %d RFC822.SIZE 5)\r\n" % uid)
    assert [sizes.get(uid) for uid in (1, 2, 10_001)] == [None, 5, 5]
