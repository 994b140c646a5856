"""Images whose address is made as the links are, and what clears one."""

import pytest
from tests.detect.conftest import MakePage, edited

from sluis.detect.alike import alike
from sluis.detect.settle import proposals

TOKEN = "owaiOJhCSsfE2Efzf9svpDEA6GijR1hGi_VCtSz9qYqv9A"
LINK = '<a href="http://kit.example/nLMAcoJ7f2b-q0XKLpDzE5r81hGi_VCtSz9qYqv">Read on</a>'
COUNTER = f'<img src="http://kit.example/{TOKEN}">'
PICTURE = '<img src="http://kit.example/a26f708df16e062927.png" width=349 height=251>'
SHORT = '<a href="https://kit.example/c/kq3z7w/hx2b9c-m/b8-yqd69dvg">Read on</a>'
DOT = '<img src="https://kit.example/i/kq3z7w/hx2b9c-m.gif" width=1 height=1>'


@pytest.mark.parametrize(
    ("image", "link", "technique"),
    [
        (COUNTER, LINK, "alike"),
        (f'<a href="http://kit.example/{TOKEN[::-1]}">{COUNTER}</a>', LINK, "alike"),  # it may be linked itself
        (COUNTER.replace("t.example/", "t.example/go/"), LINK.replace("t.example/", "t.example/go/"), "alike"),
        (COUNTER.replace(TOKEN, "AmkegSpZEFm-Eprj-jrHxaeTGMSeJazCybGs1xKCZWUTfA"), LINK, "alike"),
        (DOT, SHORT, "kindred"),
        (DOT, '<a href="https://kit.example/leave?token=hx2b9c-m">No more</a>', "kindred"),
    ],
)
def test_what_is_made_as_the_links_are_goes(page: MakePage, image: str, link: str, technique: str) -> None:
    text = f"{image}<p>Hello</p>{PICTURE}<p>{link}</p>"
    (found,) = alike(page(text))
    assert (found.technique, found.url in image) == (technique, True)
    after = edited(text, [found])
    assert found.url not in after
    assert list(proposals(page(after))) == []


@pytest.mark.parametrize(("words", "goes"), [(70, True), (40, False)])
def test_it_may_be_the_only_image_of_a_letter_of_words(page: MakePage, words: int, goes: bool) -> None:
    sheet = f"<style>{'p {color: red} ' * 40}</style>"
    text = f"{sheet}<a href='http://kit.example/{TOKEN[::-1]}'>{COUNTER}</a><p>{'word ' * words}</p>{LINK}"
    assert [found.technique for found in alike(page(text))] == ["kindred"] * goes


@pytest.mark.parametrize(
    "beside",
    [
        f"<img src='http://kit.example/{TOKEN[::-1]}'>",  # a letter of such pictures
        PICTURE.replace(".png", ""),
        PICTURE.replace(".png", "").replace(" height=251", ""),
    ],
)
def test_but_not_one_of_them(page: MakePage, beside: str) -> None:
    assert list(alike(page(f"{COUNTER}{beside}<p>{'word ' * 70}</p>{LINK}"))) == []


def test_what_goes_for_another_reason_leaves_it_alone_at_once(page: MakePage) -> None:
    text = f"{COUNTER}<p>{'word ' * 70}</p>{LINK}<p>Bye</p><img src='http://kit.example/{TOKEN[::-1]}'>"
    after = edited(text, list(proposals(page(text))))
    assert after.count("<img src=http") == after.count("kit.example/ow") == 0
    assert list(proposals(page(after))) == []


@pytest.mark.parametrize(
    "text",
    [
        f"{COUNTER}{PICTURE.replace('.png', '')}<p>{LINK}",  # the pictures of its host have no names either
        f"{COUNTER}{PICTURE.replace('kit', 'shop')}<p>{LINK}",
        f"{COUNTER}{PICTURE}<p>{LINK.replace('kit', 'shop')}",
        f"{COUNTER}{PICTURE}<p>{LINK.replace('kit.example/', 'kit.example/go/')}",
        f"{COUNTER}{PICTURE}<p><a href='http://kit.example/nLMAcoJ7f2b-q0XKLp'>Read on</a>",  # a token of another kind
        f"{COUNTER[:-1]} alt='Our garden'>{PICTURE}<p>{LINK}",
        f"{COUNTER[:-1]} width=300>{PICTURE}<p>{LINK}",
        f"{COUNTER.replace(TOKEN, TOKEN + '.jpg')}{PICTURE}<p>{LINK}",
        f"{COUNTER.replace(TOKEN, 'our-garden-in-the-summer-of-2026')}{PICTURE}<p>{LINK}",
        f"{COUNTER * 3}{PICTURE}<p>{LINK}",
        f"{DOT}<p>{SHORT.replace('kit', 'shop')}",
        f"{DOT.replace('hx2b9c-m', 'spacer')}<p>{SHORT.replace('hx2b9c-m', 'spacer')}",
        f"{DOT.replace('=1', '=90')}<p>{SHORT}",
    ],
)
def test_what_is_not_sure_stays(page: MakePage, text: str) -> None:
    assert list(alike(page(text))) == []


def test_strict_blanks_all_images_anyhow(page: MakePage) -> None:
    assert list(alike(page(f"{COUNTER}{PICTURE}{LINK}", "strict"))) == []
