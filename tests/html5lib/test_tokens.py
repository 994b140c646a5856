"""Other parsers as oracle: what loads by their reading is seen by ours, with the same value.

Generated markup runs through the tokeniser that follows the standard, from every state it can start in; the fixtures
through three parsers that build trees. `HTML5LIB_TESTS`, a copy of github.com/html5lib/html5lib-tests as the
source of html5lib has one, adds the standard's own cases; `.ci/run` brings it.
"""

import json
import os
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import turbohtml
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html
from tests.fuzz.targets import STATES, standard

from sluis.detect.elements import ELEMENTS, LOADS, SOURCES
from sluis.scan.budget import Budget
from sluis.scan.html import Tag, TagScanner, lower

FIXTURES = sorted((Path(__file__).parent.parent / "fixtures").glob("*.eml"))
CASES = os.environ.get("HTML5LIB_TESTS", "")
SCANNER = TagScanner(ELEMENTS)
URLS = {name: {*SOURCES.get(name, ()), *(LOADS[name].attributes if name in LOADS else ())} for name in ELEMENTS}


def tags(text: str) -> list[Tag]:
    return list(SCANNER.tags(text, lower(text), Budget(len(text))))


def plain(value: str) -> str:
    return value.replace("\0", "\ufffd")


def unseen(text: str, state: str) -> list[tuple[str, str, str]]:
    """The URL attributes that the standard's tokeniser yields from `state` on, and we do not see with that value."""
    ours = {(tag.name, attribute.name, plain(attribute.value)) for tag in tags(text) for attribute in tag.attributes}
    wanted = {
        (name.rpartition(":")[2], key, plain(value))
        for name, attributes in standard(text, state)
        for key, value in attributes.items()
        if key in URLS[name]
    }
    return sorted(each for each in wanted - ours if not _stopped(each, ours))


def _stopped(wanted: tuple[str, str, str], ours: set[tuple[str, str, str]]) -> bool:
    """A value of ours may end at a stray quote, which an edit must not take along."""
    *key, value = wanted
    cut = re.match("[^\"']*", value)
    return cut is not None and cut[0] != value and (*key, cut[0]) in ours


PIECES = st.sampled_from(
    [
        *"<>/='\"& \n\tax!-\0é",
        *("<img ", "<IMG/", "<image", "<v:fill ", "<input src=x", "<source ", "<link ", "<base href="),
        *("src=", " href='", ' src="', "srcset=", "http://t/", "<a ", "</a>", ">>", "xlink:href=", " SRC\n=\t"),
        *("<!--", "-->", "--!>", "<!-->", "<![CDATA[", "]]>", "<?x ", "<!DOCTYPE ", "</", "<!"),
        *("<script>", "</script>", "<title>", "</title>", "<style>", "<textarea>", "<plaintext>", "<noscript>"),
        *("&amp;", "&#x2f;", "&#1;", "&#128;", "&copy=", "&notit;", "&Tab;", "\f"),
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join), st.sampled_from(STATES))
def test_what_the_standard_yields_from_any_state_is_seen(text: str, state: str) -> None:
    assert unseen(text, state) == []


def pages(file: Path) -> Iterator[str]:
    """The HTML parts of a fixture as the standard library decodes them."""
    for part in message_from_bytes(file.read_bytes(), policy=default).walk():
        if part.get_content_type() == "text/html":
            yield part.get_content()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("file", FIXTURES, ids=lambda file: file.stem)
def test_what_the_standard_yields_of_a_fixture_is_seen(file: Path, state: str) -> None:
    for page in pages(file):
        assert unseen(page.replace("\r\n", "\n"), state) == []


def by_lxml(page: str) -> Iterator[str]:
    yield from lxml_html.fromstring(page).xpath("//img/@src")


def by_soup(page: str) -> Iterator[str]:
    for image in BeautifulSoup(page, "html5lib").find_all("img", src=True):
        yield str(image["src"])


def by_turbohtml(page: str) -> Iterator[str]:
    for image in turbohtml.parse(page).select("img[src]"):
        yield str(image.attrs["src"])


@pytest.mark.parametrize("parser", [by_lxml, by_soup, by_turbohtml])
@pytest.mark.parametrize("file", FIXTURES, ids=lambda file: file.stem)
def test_the_images_of_a_tree_are_seen(file: Path, parser) -> None:
    for page in pages(file):
        theirs = {address.strip() for address in parser(page)}
        ours = {tag.value("src").strip() for tag in tags(page) if tag.name == "img"}
        assert theirs <= ours


def cases() -> Iterator[tuple[str, str]]:
    """Each input of the standard's own cases, and each state it is to start in."""
    for file in sorted(Path(CASES).glob("tokenizer/*.test")):
        found = json.loads(file.read_text())
        for case in found.get("tests", []):
            text = case["input"]
            if case.get("doubleEscaped"):
                text = re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
            for name in case.get("initialStates", ["Data state"]):
                yield (
                    text,
                    {
                        "RCDATA state": "rcdataState",
                        "RAWTEXT state": "rawtextState",
                        "Script data state": "scriptDataState",
                        "PLAINTEXT state": "plaintextState",
                        "CDATA section state": "cdataSectionState",
                    }.get(name, "dataState"),
                )


FRAMES = (
    "#",
    "<img #",
    "<img src='#",
    "<img src=#>",
    "<img src='#'>",
    '<img src="#">',
    "<img src=x alt=#>",
    "#<img src=x>",
)


@pytest.mark.skipif(not CASES, reason="needs HTML5LIB_TESTS")
def test_what_the_standards_own_cases_yield_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    """Their elements are called `h` and `a`; so each input is also tried within an image's tag, and before one."""
    tried = seen = 0
    for text, state in cases():
        whole = text.replace("\r\n", "\n").replace("\r", "\n")
        for form in (*(frame.replace("#", whole) for frame in FRAMES), re.sub("<[a-zA-Z]+", "<img src=x alt=", whole)):
            assert unseen(form, state) == [], form
            tried += 1
            seen += sum(not URLS[name].isdisjoint(attributes) for name, attributes in standard(form, state))
    with capsys.disabled():
        print(f"\nhtml5lib: {tried:,} inputs, in which {seen:,} start tags have an attribute that loads; all are seen")
    assert tried > 60_000
    assert seen > 30_000
