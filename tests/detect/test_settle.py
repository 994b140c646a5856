"""Overlapping proposals become cuts that can be made together, and nothing is left to find."""

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.detect.conftest import edited
from tests.invariants import check

from sluis.detect.page import Page
from sluis.detect.settle import proposals
from sluis.policy import POLICIES
from sluis.rules.load import load
from sluis.scan.budget import Budget

RULES = load()
OPEN = "https://u1.ct.sendgrid.net/wf/open?upn=u001.Qm9vZ2llLXdvb2dpZQ-2BtzKq_D_S7KL50N0dhBq1w-3D-3D"
SES = (
    "https://vk39fk6q.r.eu-west-1.awstrack.me/L0/https:%2F%2Fshop.example%2F/1/0102018969854525-eb08255a-000000/x-Y_z=9"
)


def settled(text: str) -> str:
    return edited(text, proposals(Page(text, RULES, POLICIES["balanced"], Budget(len(text)))))


def test_what_lies_within_a_removed_tag_goes_with_it() -> None:
    text = f'<p><img src="{OPEN}" style="background:url({OPEN})"></p>'
    found = proposals(Page(text, RULES, POLICIES["balanced"], Budget(len(text))))
    assert len(found) == 2
    assert edited(text, found) == "<p></p>"


def test_a_tag_within_a_link_is_found_however_they_tangle() -> None:
    text = f"""<a href="{SES}" title="<img src='{OPEN}' alt=">x</a> y'>"""
    assert OPEN not in settled(text)
    assert "awstrack" not in settled(text)


PIECES = st.sampled_from(
    [
        *"<>/='\" \nx",
        f"<img src={OPEN}>",
        f'<img src="{OPEN}',
        f"<a href='{SES}'>",
        f'<a href="{SES}',
        "<img ",
        " width=1 height=1",
        f"src={OPEN}",
        "<!--",
        "-->",
        "<script ",
        "<style>",
        f"url({OPEN})",
        f"url('{OPEN}",
        "&quot;",
        "\\",
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join))
@example(f'<img src="{OPEN}<img src={OPEN}>">')  # within an address, an address is not where it leads
def test_settling_leaves_nothing_to_find(text: str) -> None:
    once = settled(text)
    assert settled(once) == once


@pytest.mark.parametrize(
    "text",
    [
        f'<img src="{OPEN}<a href="{SES}>" width=1 height=1>',  # the link's value holds the `>` that ends the image
        "image-set(url(//='http:x",  # without the address, the quote opens a string of `image-set`
        "@import background=http:9'http:",
        "image-set(url(http:{'//t",
        "<script>url(http:-->=</script>",
        '<a href="http:e/L0/http:%2F%2Fsrcdoc=.e/1/"',  # what is decoded reads as an attribute
        "--x:srcdoc=; 'http:t",  # the attribute that goes takes the end of a declaration along
    ],
)
@pytest.mark.parametrize("fit", [False, True], ids=["free", "fit"])
def test_a_cut_that_ends_something_around_it_uncovers_nothing(text: str, fit: bool) -> None:
    check(b"Content-Type: text/html\r\n\r\n" + text.encode(), replace(POLICIES["strict"], fit=fit))


def test_many_images_on_little_room_are_read_one_by_one() -> None:
    text = "\r\n".join(f"<img src=http://pictures.example/{number:05}.gif>" for number in range(10_000))
    dense = f'{text}<img src="{OPEN}">'
    found = proposals(Page(dense, RULES, POLICIES["balanced"], Budget(len(dense))))
    assert edited(dense, found) == text
