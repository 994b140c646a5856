"""Character references in attribute values."""

import pytest

from sluis.scan.references import unescape


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("a?b=1&c=2", "a?b=1&c=2"),
        ("a?b=1&amp;c=2", "a?b=1&c=2"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("?a=1&copyright", "?a=1&copyright"),
        ("?a&copy", "?a©"),
        ("?a&copy;=2", "?a©=2"),
        ("&#104;ttp&#x3A;//x", "http://x"),
        ("&#00000000000104ttp", "http"),
        ("&Tab;h&NewLine;", "\th\n"),
        ("&nosuch;x", "&nosuch;x"),
        ("&#99999999999999;", "\ufffd"),
        ("&#1;&#x8;", "\x01\x08"),
        ("&amp", "&"),
        ("&", "&"),
    ],
)
def test_unescape(written: str, read: str) -> None:
    assert unescape(written) == read
