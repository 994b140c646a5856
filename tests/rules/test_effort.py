"""Patterns from outside: those that could take long are told from those that cannot, by their shape alone."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.rules.effort import UnfitError, compiled

SUB = r"^https?:\/\/(?:[a-z0-9-]+\.)*?"


def fault(pattern: str, *, anchored: bool = False) -> str | None:
    try:
        compiled(pattern, anchored=anchored)
    except UnfitError as unfit:
        return str(unfit)
    return None


@pytest.mark.parametrize(
    "pattern",
    [
        "utm_source",
        "(?:%3F)?utm(?:_[a-z_]*)?",
        r"\/ref=[^/?]*",
        "^.*",
        SUB + r"shop(?:\.[a-z]{2,}){1,}",
        SUB + r"shop(?:\.[a-z]{2,}){1,}\/url\?.*?(?:url|q)=(https?[^&]+)",
        SUB + r"shop\.example.*url=([^&]*)",
        r"^https?:\/\/[^/]+\/-\/refs[^?]*\?.*?&?ref_?=.",
        ".*to=([^&]*)",
        SUB + r"shop\.(?:com|co\.uk|com\.au|cz|ca)",
        r"^https?:\/\/l[a-z]?\.shop\.com/l\.php\?.*?u=(https?%3A%2F%2F[^&]*)",
        "(?:a|ab)*c",
        "(?:[ab]|[bc])*d",
        "(?:ab?)*c",
        "[^x]*x",
        "é+x",
    ],
)
def test_fit(pattern: str) -> None:
    assert fault(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(?:a+)*b",
        "(?:[a-z]+\\.?)+x",
        "(a|a)*b",
        "(?:[ab]c|[bc]d)*e",
        "(?:a?){50}b",
        "(?:a*b*)*c",
        "(.*)*",
        "((a{1,9}){1,9})x",
        "^(?:a{1,3}){2}b",
        "^(?:x+x+)+y",
        "(?:.a?)*x",
        "(?:A+a)*x",
        "(?:[^a]+[b])*x",
        "(?:é+ü)*x",
        "^https?://(?:[^/]+)+x",
        "a?" * 20 + "b",
        "^.*a.*b.*c",
        "^.*a.*b[a-z]*1",
        "a.*b.*c",
        "a[a-z]*b[0-9]*x",
        "a*a*b",
        SUB + r"(?:[a-z]+\.)*(?:[a-z]+\.)*x",
        "(?=a)b",
        "a(?!b)",
        "(?<=a)b",
        r"(a)\1",
        "(?>a)",
        "a++b",
        "(?P<a>",
        "(",
        "*",
        "a{1,99999999999}",
        "a" * 2001,
    ],
)
def test_unfit(pattern: str) -> None:
    assert fault(pattern) is not None


def test_a_name_is_matched_at_its_beginning_only() -> None:
    assert fault("[a-z]*id[a-z]*x") is not None
    assert fault("[a-z]*id[a-z]*x", anchored=True) is None


ATOMS = st.sampled_from(["a", "b", "[ab]", "[^a]", ".", r"\.", r"\w", "/"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "{2,}", "{1,3}"])).map(lambda x: f"(?:{x[0]}){x[1]}"),
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda x: f"(?:{x[0]}|{x[1]})"),
        inner.map(lambda x: f"({x})"),
    ),
    max_leaves=8,
)


@given(PATTERNS, st.text(alphabet="ab./", min_size=1, max_size=6))
def test_what_is_fit_ends(pattern: str, piece: str) -> None:
    """On text that fails at its very end an unfit pattern would not come back within the life of this machine."""
    if fault(pattern + "$") is None:
        compiled(pattern + "$").search((piece * 300)[:300] + "\n!")


HOSTS = st.lists(st.sampled_from(["goo", "goo.", "a.", "ab.", ".", "x", "/", "/goo.", "q?"]), max_size=8).map("".join)


@pytest.mark.parametrize(
    "pattern",
    [
        SUB + r"goo(?:\.[a-z]{2,}){1,}\/.*?x[a-z]*q",
        r"^https?:\/\/(?:[a-z]+\.)*?(?:[a-z]+\.)*?goo\/q?",
        r"^https?:\/\/[^/]*goo[^/]*\/.?",
        r"^https?:\/\/([^/.]*)\.goo(\.[a-z]*)?\/(.*)",
        r"^https?:\/\/a(?:\/|b)*\/x",
        r"^https?:\/\/a|b\/x",
        r"^https?:\/\/a\/?goo",
        r"^https?:\/\/a[/]+?\/goo",
    ],
)
@given(HOSTS)
def test_a_host_that_is_matched_once_is_matched_the_same(pattern: str, host: str) -> None:
    plain = re.search(pattern, "https://" + host, re.IGNORECASE | re.ASCII)
    if fault(pattern) is None:
        found = compiled(pattern).search("https://" + host)
        assert (plain and plain.span()) == (found and found.span())


def test_no_host_makes_a_path_be_tried_again_and_again() -> None:
    pattern = compiled(SUB + r"goo(?:\.[a-z]{2,}){1,}\/.*?x[a-z]+=")
    assert pattern.search("https://" + "goo." * 60 + "com/" + "x" * 1800) is None
    assert "(?>" in pattern.pattern
    assert fault(r"^https?:\/\/(?:[a-z0-9-]+\.)*?goo.*?x[a-z]+=") is not None


@given(st.text(alphabet="ab()[]{}*+?|\\.^$-,019:<=!P", max_size=24))
def test_whatever_is_written_it_is_judged(pattern: str) -> None:
    if fault(pattern) is None:
        re.compile(pattern)
