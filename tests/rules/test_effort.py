"""Patterns from outside: those that could take long are told from those that cannot, by their shape alone."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.rules.effort import FLAGS, fault

SUB = r"^https?:\/\/(?:[a-z0-9-]+\.)*?"


@pytest.mark.parametrize(
    "pattern",
    [
        "utm_source",
        "(?:%3F)?utm(?:_[a-z_]*)?",
        r"\/ref=[^/?]*",
        "^.*",
        SUB + r"shop(?:\.[a-z]{2,}){1,}",
        SUB + r"shop(?:\.[a-z]{2,}){1,}\/url\?.*?(?:url|q)=(https?[^&]+)",
        SUB + r"shop\.example[^?]*\?.*?&?ref_?=.",
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
        "^.*a.*b",
        ".*a",
        "a*a*",
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
    assert fault("[a-z]*id") is not None
    assert fault("[a-z]*id", anchored=True) is None


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
        re.search(pattern + "$", (piece * 300)[:300] + "\n!", FLAGS)


@given(st.text(alphabet="ab()[]{}*+?|\\.^$-,019:<=!P", max_size=24))
def test_whatever_is_written_it_is_judged(pattern: str) -> None:
    if fault(pattern) is None:
        re.compile(pattern, FLAGS)
