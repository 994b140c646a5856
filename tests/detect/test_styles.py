"""What style sheets and backgrounds fetch: counters go wherever they stand, pictures stay, lists are asked."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.detect.conftest import MakePage, edited

from sluis.detect.styles import styles
from sluis.report import Action, Kind
from sluis.rules.load import Kept, load

OPEN = "https://u1.ct.sendgrid.net/wf/open?upn=8f14e45fceea167a5a36dedd4bea2543"
PAST = "https://u1.ct.sendgrid.net/a#/../wf/open?upn=8f14e45fceea167a5a36dedd4bea2543"
PICTURE = "https://shop.example/hero.png"


@pytest.mark.parametrize(
    ("text", "left", "technique"),
    [
        (f'<p style="background:url({OPEN})">a', '<p style="background:none">a', "css-background"),
        (f"<style>p{{background:url('{OPEN}')}}</style>", "<style>p{background:none}</style>", "css-background"),
        (f"<td background={OPEN}>a", "<td >a", "background-attribute"),
        ('<style>@import "https://shop.example/a.css";</style>', "<style>@import none;</style>", "css-import"),
        (f"<p style='behavior:url({PICTURE})'>", "<p style='behavior:none'>", "css-behavior"),
        ("<p style='background:url(ftp://shop.example/a)'>", "<p style='background:none'>", "foreign-scheme"),
    ],
)
def test_what_counts_goes(page: MakePage, text: str, left: str, technique: str) -> None:
    (found,) = styles(page(text))
    assert (found.technique, found.action, edited(text, [found])) == (technique, Action.REMOVED, left)


@pytest.mark.parametrize(
    "text",
    [
        f"<td background={PAST.replace('#', chr(34))}>a",
        *(f"<p style=\"background:url('{PAST.replace('#', mark)}')\">a" for mark in "(<>"),
        f'<style>p{{background:url("{PAST.replace("#", chr(39))}")}}</style>',
        f"<style>p{{background:url({PAST.replace('#', '<')})}}</style>",
        f'<style>p{{background:image-set("{PAST.replace("#", chr(39))}" 1x)}}</style>',
    ],
)
def test_an_address_that_a_browser_reads_past_a_mark_is_judged_as_such(page: MakePage, text: str) -> None:
    (found,) = styles(page(text))
    assert (found.kind, found.url) == (Kind.OPEN_PIXEL, text[text.index("https:") : text.index("2543") + 4])
    assert "sendgrid.net" not in edited(text, [found])


@pytest.mark.parametrize(
    "text",
    [
        f'<p style="background:url({PICTURE})">a',
        f"<td background={PICTURE} width=1 height=300>a",
        '<p style="background:url(cid:hero)">a',
        '<p style="background:url(data:image/gif;base64,R0)">a',
    ],
)
def test_pictures_stay_until_a_policy_blanks_them(page: MakePage, text: str) -> None:
    assert list(styles(page(text))) == []
    assert [each.kind for each in styles(page(text, "strict"))] == [Kind.REMOTE_IMAGE] * text.count("https:")


LISTED = "https://kade.example/a.png"


@pytest.mark.parametrize(
    "text",
    [
        f"<td background={LISTED}>",
        f'<p style="background:url({LISTED})">',
        f"<style>p{{background:url({LISTED})}}</style>",
    ],
)
def test_lists_are_asked(page: MakePage, tmp_path: Path, text: str) -> None:
    (tmp_path / "kade.txt").write_text("||kade.example^\n")
    rules = load((), [Kept("kade", "adblock", tmp_path / "kade.txt")])
    (found,) = styles(replace(page(text), rules=rules))
    assert (found.kind, found.vendor, found.rule) == (Kind.OPEN_PIXEL, "kade", "kade/||kade.example^")
    assert list(styles(page(text))) == []


@pytest.mark.parametrize(
    ("file", "policy", "action"),
    [("hero", "balanced", "blanked"), ("hero.png", "balanced", "kept"), ("hero.png", "strict", "blanked")],
)
def test_it_says_whom_an_address_names(page: MakePage, file: str, policy: str, action: str) -> None:
    text = f'<td background="https://shop.example/bea@lezer.example/{file}">'
    proposals = list(styles(page(text, policy, ("bea@lezer.example",))))
    assert [(found.kind, found.action) for found in proposals] == [("address-leak", action)]
    assert (edited(text, proposals) == text) == (action == "kept")


@pytest.mark.parametrize(
    "prelude",
    [
        "@media print{ #_t ",
        "div.OutlookMessageHeader",
        "p{color:red} table.moz-email-headers-table ",
        "blockquote #_t",
        "div.gmail_quote",
        "#MailContainerBody #_t",
    ],
)
def test_what_watches_whether_a_mail_is_passed_on_goes(page: MakePage, prelude: str) -> None:
    text = f"<style>{prelude}{{background-image:url('https://kit.example/t?f')}}</style>"
    (found,) = styles(page(text))
    assert (found.kind, found.action) == (Kind.OPEN_PIXEL, Action.REMOVED)
    assert "kit.example" not in edited(text, [found])


@pytest.mark.parametrize(
    "sheet",
    [
        "@media print{p{color:red}} #_t{background:url('https://kit.example/t?f')}",
        "@media print{#_t{background:url('https://kit.example/logo.png')}}",
        "@media screen{#_t{background:url('https://kit.example/t?f')}}",
        "blockquote{background:url('https://kit.example/t?f')}",
    ],
)
def test_what_does_not_stays(page: MakePage, sheet: str) -> None:
    assert list(styles(page(f"<style>{sheet}</style>"))) == []
