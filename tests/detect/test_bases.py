"""Fields that give relative addresses a base elsewhere, out of the header and out of those of HTML parts."""

from dataclasses import replace

import pytest

from sluis.clean import clean
from sluis.policy import POLICIES
from sluis.rules.load import load

BALANCED = POLICIES["balanced"]
RULES = load()
RELATED = (
    "Content-Type: multipart/related; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n{}\r\n<img src='1.gif'>\r\n"
    "--b\r\nContent-Type: image/gif\r\nContent-Location: https://shop.example/2.gif\r\n\r\nGIF\r\n--b--\r\n"
)


@pytest.mark.parametrize("field", ["Content-Base: https://t.example/", 'content-location:\r\n "//t.example/x.html"'])
def test_a_base_goes(field: str) -> None:
    top = f"Subject: x\r\n{field}\r\nContent-Type: text/html\r\n\r\n<img src='1.gif'>\r\n"
    done = clean(top.encode(), BALANCED, RULES)
    assert done.raw.decode() == top.replace(f"{field}\r\n", "")
    assert [finding.technique for finding in done.report.findings] == [field.partition(":")[0].lower()]
    within = clean(RELATED.format(field + "\r\n").encode(), BALANCED, RULES)
    assert within.raw.decode() == RELATED.format("")


def test_with_fit_it_is_only_renamed() -> None:
    before = b"Content-Base: https://t.example/\r\nContent-Type: text/html\r\n\r\nHi\r\n"
    after = clean(before, replace(BALANCED, fit=True), RULES).raw
    assert after == before.replace(b"Content-Base", b"X-Sluis-Cut-")


@pytest.mark.parametrize("field", ["Content-Base: x/y", "Content-Location: letter.html"])
def test_a_base_that_leads_nowhere_stays(field: str) -> None:
    raw = f"{field}\r\nContent-Type: text/html\r\n\r\nHi\r\n".encode()
    assert clean(raw, BALANCED, RULES).raw == raw
