"""Overlapping proposals become cuts that can be made together, and nothing is left to find."""

from hypothesis import given
from hypothesis import strategies as st
from tests.detect.conftest import edited

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
def test_settling_leaves_nothing_to_find(text: str) -> None:
    once = settled(text)
    assert settled(once) == once
