"""Fetching: a list comes whole, over a way that may be trusted, within bounds; else there is a word on why not."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.certificate import Certificate, certificate
from tests.lists.server import Server, answer, server

from sluis.lists.fetch import Fetched, FetchError, fetch


@pytest.fixture
def web() -> Iterator[Server]:
    with server() as serving:
        yield serving


def refusal(url: str, **bounds: float) -> str:
    with pytest.raises(FetchError) as raised:
        fetch(url, "", **bounds)  # type: ignore[arg-type]
    return str(raised.value)


def test_a_list_and_its_tag(web: Server) -> None:
    web.answers["/a"] = answer(b"list\n", 'ETag: "one"')
    assert fetch(web.url + "/a") == Fetched(b"list\n", '"one"')
    assert "If-None-Match" not in web.asked[0]
    assert "Accept-Encoding: identity\r\n" in web.asked[0]


def test_what_has_not_changed_is_not_sent_again(web: Server) -> None:
    web.answers["/a"] = b'HTTP/1.1 304 Not Modified\r\nETag: "one"\r\n\r\n'
    assert fetch(web.url + "/a", '"one"') == Fetched(None, '"one"')
    assert 'If-None-Match: "one"\r\n' in web.asked[0]
    assert refusal(web.url + "/a") == "the server answered 304"


def test_chunks_have_an_end(web: Server) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    web.answers["/a"] = head + b"3\r\nlis\r\n2\r\nt\n\r\n0\r\n\r\n"
    assert fetch(web.url + "/a").octets == b"list\n"
    web.answers["/a"] = head + b"3\r\nlis\r\n2\r\nt"
    assert refusal(web.url + "/a").startswith("IncompleteRead")


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (answer(b"", status="404 Not Found"), "the server answered 404"),
        (answer(b"", status="500 Oops"), "the server answered 500"),
        (answer(b"list", length=9), "ended after 4 of 9 octets"),
        (b"HTTP/1.1 200 OK\r\n\r\nlist", "the server does not say where it ends"),
        (answer(b"list", "Content-Encoding: gzip"), "the server sent it compressed, unasked"),
        (answer(b"", length=101), "is larger than 100 octets"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" + b"a" * 101 + b"\r\n0\r\n\r\n",
            "is larger than 100 octets",
        ),
        (b"220 mx.example ESMTP\r\n", "220 mx.example ESMTP\r\n"),
        (b"", "Remote end closed connection without response"),
        (answer(b"", "Location: /a", status="302 Found"), "the server answered 302"),
        (answer(b"", "Location: http://192.0.2.1/a", status="302 Found"), "is redirected to http, which is not HTTPS"),
        (answer(b"", "Location: ftp://a.example/a", status="302 Found"), "is redirected to ftp, which is not HTTPS"),
        (answer(b"", "Location: file:///etc/passwd", status="302 Found"), "the server answered 302"),
    ],
)
def test_what_is_no_whole_list(web: Server, response: bytes, words: str) -> None:
    web.answers["/a"] = response
    assert refusal(web.url + "/a", largest=100).strip() == words.strip()


def test_it_follows_to_where_the_list_is(web: Server) -> None:
    web.answers |= {"/a": answer(b"", "Location: /b", status="301 Moved"), "/b": answer(b"list")}
    assert fetch(web.url + "/a").octets == b"list"


def test_nobody_there(web: Server) -> None:
    web.close()
    assert refusal(web.url + "/a") == "Connection refused"


def test_a_server_that_takes_its_time(web: Server) -> None:
    web.answers["/a"] = answer(b"list", length=9)
    assert refusal(web.url + "/a", patience=0.0001)


class TestTls:
    @pytest.fixture
    def pair(self, tmp_path: Path) -> Certificate:
        return certificate(tmp_path, "localhost")

    @pytest.fixture
    def secure(self, pair: Certificate) -> Iterator[Server]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        with server(context) as serving:
            yield serving

    def test_a_server_that_proves_its_name(
        self, secure: Server, pair: Certificate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(pair.certificate))
        secure.answers["/a"] = answer(b"list")
        assert fetch(secure.url + "/a").octets == b"list"

    def test_a_server_that_does_not(self, secure: Server) -> None:
        assert "certificate verify failed" in refusal(secure.url + "/a")
        assert secure.asked == []

    def test_from_there_nothing_leads_to_http(
        self, secure: Server, web: Server, pair: Certificate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(pair.certificate))
        secure.answers["/a"] = answer(b"", f"Location: {web.url}/a", status="302 Found")
        assert refusal(secure.url + "/a") == "is redirected to http, which is not HTTPS"
        assert web.asked == []
