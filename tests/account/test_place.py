"""What a URL names, and that a password in one is neither taken nor repeated."""

import pytest

from sluis.account.place import Place, PlaceError, is_url, place
from sluis.config.address import Endpoint

SERVER = Endpoint("mail.lezer.example", 993)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("imaps://sanne@mail.lezer.example/INBOX", Place(SERVER, True, "sanne", "INBOX")),
        ("IMAPS://sanne@lezer.example@mail.lezer.example", Place(SERVER, True, "sanne@lezer.example")),
        ("imaps://sanne%40lezer.example@mail.lezer.example/", Place(SERVER, True, "sanne@lezer.example")),
        ("imaps://s%3Aa@mail.lezer.example/A/B%20%C3%A9?", Place(SERVER, True, "s:a", "A/B é?")),
        ("imap://s@mail.lezer.example:1430/A", Place(Endpoint("mail.lezer.example", 1430), False, "s", "A")),
        ("imaps://s@mail.lezer.example/inbox", Place(SERVER, True, "s", "INBOX")),
        ("imap://s@localhost", Place(Endpoint("localhost", 143), False, "s", plaintext=True)),
        ("imap://s@[::1]/A", Place(Endpoint("::1", 143), False, "s", "A", plaintext=True)),
    ],
)
def test_a_place(text: str, named: Place) -> None:
    assert is_url(text)
    assert place(text) == named


def test_an_address_that_is_logged_in_with_is_the_readers() -> None:
    assert place("imaps://sanne@lezer.example@mail.lezer.example").readers == ("sanne@lezer.example",)
    assert place("imaps://sanne@mail.lezer.example").readers == ()


def test_a_folder_is_the_same_through_any_port() -> None:
    ours = place("imaps://sanne@mail.lezer.example/A").token("A")
    assert place("imap://sanne@Mail.lezer.example:1430/A").token("A") == ours
    assert len({ours, place("imaps://teun@mail.lezer.example").token("A"), place("imaps://sanne@b.c").token("A")}) == 3
    assert set(ours) <= set("0123456789abcdef")


def test_without_encryption_another_machine_is_logged_in_to_only_when_asked() -> None:
    assert not place("imap://s@mail.lezer.example").plaintext
    assert place("imap://s@mail.lezer.example", plaintext=True).plaintext
    assert not place("imaps://s@mail.lezer.example", plaintext=True).plaintext


@pytest.mark.parametrize(
    "text",
    [
        *("imaps://mail.lezer.example/INBOX", "imaps://@mail.lezer.example", "imaps://s@", "imaps://s@mail:99999/A"),
        *("imaps://s@mail.lezer.example/A%0D%0AB", "imaps://s@mail.lezer.example/%FF", "pop3://s@mail.lezer.example"),
    ],
)
def test_what_names_no_place(text: str) -> None:
    with pytest.raises(PlaceError):
        place(text)


@pytest.mark.parametrize(
    "text",
    [
        *("imaps://s:geheim@mail.lezer.example/A", "imaps://s:geheim", "imaps://s@mail:geheim/A"),
        *("imaps://s:ge/geheim@mail.lezer.example", "imaps://s:a@geheim@mail.lezer.example"),
    ],
)
def test_a_password_in_a_url_is_not_taken_and_not_repeated(text: str) -> None:
    with pytest.raises(PlaceError) as refused:
        place(text)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("text", ["mail", "imaps:/a", "/imaps://a", "a imaps://b", "C:\\imap://x", ""])
def test_what_is_a_file(text: str) -> None:
    assert not is_url(text)
