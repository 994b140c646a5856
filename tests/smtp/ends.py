"""Everything that some server takes for the end of a message, and what is one by the book (RFC 5321 §4.1.1.4)."""

from collections.abc import Iterator
from itertools import compress, product

END = b"\r\n.\r\n"
_BEFORE = (b"\r\n", b"\n", b"\r", b"\r\n\0", b"\n\0")
_AFTER = (b"\r\n", b"\n", b"\r", b"\0\r\n")
NEARLY_ENDS = tuple(end for before, after in product(_BEFORE, _AFTER) if (end := before + b"." + after) != END)


def cuttings(length: int) -> Iterator[tuple[int, ...]]:
    """Every way to cut so many octets into pieces, as the places of the cuts: 2^(length - 1) of them."""
    places = range(1, length)
    return (tuple(compress(places, chosen)) for chosen in product((False, True), repeat=length - 1))
