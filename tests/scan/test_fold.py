"""Changes that leave every break of a line where it was."""

import re

from sluis.scan.fold import laid_over

BREAK = re.compile(r"\r\n ")


def test_a_length_is_kept_with_every_break_in_its_place() -> None:
    assert laid_over("ab\r\n cd\r\n ef", BREAK, "xyz", 3) == "xy\r\n z \r\n   "
    assert laid_over("ab\r\n cd\r\n ef", BREAK, "xyz", 0) == "  \r\n  x\r\n yz"
    assert laid_over("ab\r\n cd", BREAK, "wxyz", 4) == "wx\r\n yz"
    assert laid_over("ab\r\n cd", BREAK, "wxyz!", 5) is None
