"""Markup that is nested beyond reading loads nothing afterwards, whatever it was."""

from dataclasses import replace

import pytest

from sluis.clean import clean
from sluis.policy import POLICIES
from sluis.report import Kind, Verdict
from sluis.rules.load import load

RULES = load()
HEADER = b"Content-Type: text/html\r\n\r\n"
TANGLE = b"<img x " * 1000


@pytest.mark.parametrize("fit", [False, True])
@pytest.mark.parametrize(
    ("markup", "after"),
    [
        (b"<IMG src=//t/p>", b"<IM_ src=//t/p>"),
        (b"<p ping=//t/p>", b"<p pin_=//t/p>"),
        (b"<td background=//t/p>", b"<td backgroun_=//t/p>"),
        (b"<p style='background:url(//t/p)'>", b"<p style='background:url_//t/p)'>"),
        (b"<style>@import '//t/p';</style>", b"<style>_import '//t/p';</style>"),
        (b"<a href=//t/p>", b"<a href=//t/p>"),
    ],
)
def test_names_that_load_become_names_that_nobody_knows(markup: bytes, after: bytes, *, fit: bool) -> None:
    policy = replace(POLICIES["balanced"], fit=fit)
    done = clean(HEADER + TANGLE + markup, policy, RULES)
    assert done.raw == HEADER + TANGLE.replace(b"<img", b"<im_") + after
    assert [(finding.kind, finding.technique) for finding in done.report.findings] == [(Kind.ACTIVE_CONTENT, "tangle")]
    again = clean(done.raw, policy, RULES)
    assert (again.raw, again.report.verdict) == (done.raw, Verdict.CLEAN)


def test_an_escaped_function_is_found_where_it_is_written() -> None:
    done = clean(HEADER + TANGLE + b"<p style='background:u\\72l&lpar;//t/p)'>", POLICIES["balanced"], RULES)
    assert done.raw.endswith(b"<p style='background:u\\72l_//t/p)'>")
