"""Markup that is nested beyond reading loads nothing afterwards, whatever it was."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.clean import clean
from sluis.detect.disarm import disarm
from sluis.detect.page import Page
from sluis.detect.settle import apply, proposals
from sluis.policy import POLICIES
from sluis.report import Kind, Verdict
from sluis.rules.load import load
from sluis.scan.budget import Budget

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
        (b"<a href=//t/p>", b"<a hre_=//t/p>"),
        (b"<p style=\"--x:'//t/p'\">", b"<p style=\"--x_'//t/p'\">"),
        (b"<?xml-stylesheet href='//t/p'?>", b"<?xml-styleshee_ hre_='//t/p'?>"),
        (b"<?IMPORT implementation='//t/p'>", b"<?IMPOR_ implementation='//t/p'>"),
        (b"<!ENTITY v '&#60;img src=//t/p>'>", b"<!ENTIT_ v '&#60;img src=//t/p>'>"),
        (b"<!ATTLIST img src CDATA '//t/p'>", b"<!ATTLIS_ img src CDATA '//t/p'>"),
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


def page(text: str, policy: str) -> Page:
    return Page(text, RULES, POLICIES[policy], Budget(len(text)))


PIECES = st.sampled_from(
    [
        *"<>\"'=/ \n_-:();&#\\*@",
        *(
            "<img ",
            "src=//t.example/x",
            "<v:image ",
            "<link rel=stylesheet ",
            "href=//t.example/",
            " ping=//t.example/",
        ),
        *("<a href='https://shop.example/?utm_source=x'>", "background=//t.example/x", " srcdoc=x", "xml:base=//t/"),
        *(
            "--x:'//t.example/x'",
            "--",
            "url(//t.example/x)",
            "image-set('//t.example/x' 1x)",
            "@import '//t.example/x'",
        ),
        *("u\\72l(", "&lpar;", "/**/", "@property ", "initial-value:", "'//t.example/x'", "<script>x</script>"),
        *("<?import implementation=//t.example/>", "<?xml-stylesheet href='//t.example/'?>", "<!ATTLIST a b c '//t/'"),
        *("<!ENTITY x '<'>", "<!ENTITY % x SYSTEM '//t.example/'>", "<meta http-equiv=refresh content='0;url=//t/'>"),
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join), st.sampled_from(["balanced", "strict"]))
def test_what_is_disarmed_has_nothing_left_that_a_detector_finds(text: str, policy: str) -> None:
    after = apply(text, disarm(page(text, policy)))
    assert proposals(page(after, policy)) == ()
    assert list(disarm(page(after, policy))) == []


def test_what_would_never_be_through_goes_whole() -> None:
    text = "--x" + ":" * 20 + "'//t.example/x'"
    assert apply(text, disarm(page(text, "strict"))) == ""
