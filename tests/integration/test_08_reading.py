"""Reading through Sluis: what Dovecot says of a tracked mailbox is what it would say of the same one, cleaned.

Every message lies in `Tracked` as it was sent and in `Clean` as `sluis clean --fit` makes it. Whatever is asked of the
first through the gate must be answered as Dovecot itself answers when asked the same of the second, to the octet.

Of the mail that others have collected a sample is read; with `SLUIS_READING=all` every file, and counts are printed.
"""

import imaplib
import os
import random
import re
import signal
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.integration import dovecot as dovecot_server
from tests.integration.certificate import Certificate, certificate
from tests.integration.dovecot import PASSWORD, Dovecot, address
from tests.integration.gate import Gate, reading_gate
from tests.integration.mailboxes import FIT, FIXTURES, READER, RULES, cleaned, fill, fixtures
from tests.integration.process import eventually

from sluis.clean import clean

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
EVERY = 1 if os.environ.get("SLUIS_READING") == "all" else 20  # of the corpus' files; 20 take half a minute
PLAINTEXT = {"upstream_tls": {"mode": "off"}}

NUMBERS = ("1", "2", "3", "1.1", "1.2", "2.1", "2.2", "1.1.1", "1.1.2", "1.2.1", "2.1.1", "4", "5")
SECTIONS = ["", "TEXT", "HEADER", *NUMBERS, *(f"{number}.TEXT" for number in NUMBERS)]
SECTIONS += [f"{number}.{what}" for number in NUMBERS[:5] for what in ("MIME", "HEADER")]
PARTIALS = ("<0.64>", "<100.1000>", "<1000.100000>")

FORMS = [f"(BODY.PEEK[{name}])" for name in ("", "TEXT", "HEADER", *NUMBERS[:6], "1.TEXT", "1.HEADER")]
FORMS += [f"(BODY.PEEK[{name}]{partial})" for name, partial in (("1", "<0.512>"), ("2", "<100.512>"))]
FORMS += [f"(BODY.PEEK[{name}]{partial})" for name, partial in (("", "<200.512>"), ("TEXT", "<50.512>"))]
FORMS += ["(BODY.PEEK[1.MIME] BODY.PEEK[1])", "(BODY.PEEK[2.MIME] BODY.PEEK[2.1.MIME] BODY.PEEK[2] FLAGS)"]
FORMS += ["(BODY.PEEK[HEADER.FIELDS.NOT (Subject Received)])", "(BODY.PEEK[1.HEADER.FIELDS (Subject From)])"]
TRUE_FORMS = ("FULL", "(FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)")
"""What is asked of the collected mail: what comes clean, and what the server says of the mail as it lies there."""

Answers = list[bytes | tuple[bytes, bytes]]


def corpus() -> list[bytes]:
    """A sample of the mail that others have collected; none where it is absent."""
    files = sorted(path for path in CORPUS.rglob("*") if path.is_file()) if CORPUS.is_dir() else []
    return [octets for path in files[::EVERY] if 0 < len(octets := path.read_bytes()) < 1_000_000]


@pytest.fixture(scope="module")
def reading(dovecot: Dovecot) -> Iterator[Gate]:
    """Sluis in front of Dovecot."""
    with reading_gate(f"imap://127.0.0.1:{dovecot.imap}", PLAINTEXT) as server:
        yield server


@pytest.fixture(scope="module")
def filled(dovecot: Dovecot) -> int:
    """The mailboxes of fixtures."""
    return fill(dovecot, "fixtures", fixtures())


@contextmanager
def both(dovecot: Dovecot, gate: Gate, name: str) -> Iterator[tuple[imaplib.IMAP4, imaplib.IMAP4]]:
    """The tracked mailbox through the gate, and the clean one at Dovecot itself."""
    with dovecot.login(READER, gate.port) as through, dovecot.login(READER) as direct:
        through.select(f"Tracked-{name}", readonly=True)
        direct.select(f"Clean-{name}", readonly=True)
        yield through, direct


def answers(client: imaplib.IMAP4, items: str, messages: str = "1:*") -> Answers:
    code, found = client.uid("FETCH", messages, items)
    assert code == "OK"
    return found


class TestFixtures:
    def test_there_is_something_to_clean(self, dovecot: Dovecot, filled: int):
        with dovecot.login(READER) as direct:
            told = []
            for name in ("Tracked-fixtures", "Clean-fixtures"):
                direct.select(name, readonly=True)
                told.append(answers(direct, "(BODY.PEEK[])"))
            assert sum(one != other for one, other in zip(*told, strict=True)) >= filled - 3

    @pytest.mark.parametrize("section", SECTIONS)
    def test_every_section(self, reading: Gate, dovecot: Dovecot, filled: int, section: str):
        with both(dovecot, reading, "fixtures") as (through, direct):
            wanted = answers(direct, f"BODY.PEEK[{section}]")
            assert len(wanted) >= filled
            assert answers(through, f"BODY.PEEK[{section}]") == wanted

    @pytest.mark.parametrize("partial", PARTIALS)
    @pytest.mark.parametrize("section", ["", "TEXT", "HEADER", "1", "2", "1.1", "1.2", "2.1", "2.TEXT", "1.MIME"])
    def test_every_partial(self, reading: Gate, dovecot: Dovecot, filled: int, section: str, partial: str):
        with both(dovecot, reading, "fixtures") as (through, direct):
            items = f"(FLAGS BODY.PEEK[{section}]{partial} RFC822.SIZE)"
            assert answers(through, items) == answers(direct, items)

    @pytest.mark.parametrize(
        "items",
        [
            "RFC822",
            "RFC822.TEXT",
            "RFC822.HEADER",
            "(BODY.PEEK[TEXT] BODY.PEEK[] BODY[1])",
            "BODY.PEEK[HEADER.FIELDS.NOT (Subject Received)]",
            "(BODY.PEEK[HEADER.FIELDS.NOT (DKIM-Signature)] BODY.PEEK[1])",
            "BODY.PEEK[1.HEADER.FIELDS (Subject From)]",
            "(BODY.PEEK[1.HEADER.FIELDS.NOT (Subject)] BODY.PEEK[2.HEADER.FIELDS (To)])",
            "FAST",
            "ALL",
            "FULL",
        ],
    )
    def test_other_forms(self, reading: Gate, dovecot: Dovecot, filled: int, items: str):
        with both(dovecot, reading, "fixtures") as (through, direct):
            assert answers(through, items) == answers(direct, items)

    @pytest.mark.parametrize("size", [1000, 4096])
    def test_downloads_in_pieces_fetch_a_message_once(self, reading: Gate, dovecot: Dovecot, filled: int, size: int):
        with both(dovecot, reading, "fixtures") as (through, direct):
            for uid in range(1, filled + 1):
                before = cleaned_so_far(reading)
                for section in ("", "1"):
                    for start in range(0, 3 * size, size):
                        items = f"(BODY.PEEK[{section}]<{start}.{size}>)"
                        assert answers(through, items, str(uid)) == answers(direct, items, str(uid))
                assert cleaned_so_far(reading) - before <= 2  # for each section once, until it is known

    def test_what_the_server_says_of_a_message_stays_true(self, reading: Gate, dovecot: Dovecot, filled: int):
        items = "(FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE)"
        with both(dovecot, reading, "fixtures") as (through, direct):
            found = answers(through, items)
            assert found == answers(direct, items)
            direct.select("Tracked-fixtures", readonly=True)
            assert found == answers(direct, items)

    def test_fields_of_a_header_keep_their_length(self, reading: Gate, dovecot: Dovecot, filled: int):
        items = "(BODY.PEEK[HEADER.FIELDS (Subject Disposition-Notification-To)])"
        with both(dovecot, reading, "fixtures") as (through, direct):
            direct.select("Tracked-fixtures", readonly=True)
            wanted = [(part[0], clean(part[1], FIT, RULES).raw) for part in answers(direct, items) if len(part) == 2]
            assert [part for part in answers(through, items) if len(part) == 2] == wanted


def cleaned_so_far(gate: Gate) -> float:
    lines = gate.metrics().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("sluis_messages_total{"))


def test_seen_is_set_by_reading_and_not_by_peeking(reading: Gate, dovecot: Dovecot):
    with dovecot.login(READER, reading.port) as client:
        client.create("Seen")
        client.append("Seen", "", None, (FIXTURES / "mailchimp-museum.eml").read_bytes())  # type: ignore[arg-type]
        client.select("Seen")
        for items, flags in (
            ("BODY.PEEK[1]", b"\\Recent"),
            ("BODY.PEEK[]", b"\\Recent"),
            ("BODY[1]", b"\\Seen \\Recent"),
        ):
            client.fetch("1", items)
            assert flags in client.fetch("1", "FLAGS")[1][0]
        assert b"\\Seen" in client.fetch("1", "FLAGS")[1][0]


def test_what_a_client_stores_is_stored_as_it_is(reading: Gate, dovecot: Dovecot):
    raw = (FIXTURES / "sendgrid-opaque.eml").read_bytes()
    big = raw.replace(b"\r\n\r\n", b"\r\n\r\n" + b"padding\r\n" * 300_000, 1)
    with dovecot.login(READER, reading.port) as client:
        client.create("Stored")
        for message in (raw, big):
            assert client.append("Stored", "(\\Flagged)", None, message)[0] == "OK"  # type: ignore[arg-type]
    with dovecot.login(READER) as direct:
        direct.select("Stored", readonly=True)
        found = [part for part in direct.fetch("1:*", "(FLAGS BODY.PEEK[])")[1] if isinstance(part, tuple)]
        assert [part[1] for part in found] == [raw, big]
        assert all(b"\\Flagged" in part[0] for part in found)


def test_all_that_others_collected(reading: Gate, dovecot: Dovecot):
    if not CORPUS.is_dir():
        pytest.skip("needs ../shared")
    count = fill(dovecot, "corpus", corpus())
    with both(dovecot, reading, "corpus") as (through, direct):
        for items in FORMS:
            got, wanted = answers(through, items), answers(direct, items)
            assert len(wanted) >= count
            assert [uid for uid, (a, b) in enumerate(zip(got, wanted, strict=True)) if a != b] == [], items
        direct.select("Tracked-corpus", readonly=True)
        for items in TRUE_FORMS:
            assert answers(through, items) == answers(direct, items), items
    passed = originals_passed(reading)
    forms = len(FORMS) + len(TRUE_FORMS)
    print(f"{count} messages in {forms} forms: {count * forms} answers alike; {passed} pieces passed as they came")


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Sluis' own."""
    return certificate(tmp_path_factory.mktemp("tls"), "gate.example")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Dovecot's own."""
    return certificate(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture(scope="module")
def secret(theirs: Certificate) -> Iterator[Dovecot]:
    """A Dovecot with STARTTLS and IMAPS."""
    with dovecot_server.dovecot(theirs) as server:
        yield server


class TestTls:
    @pytest.mark.parametrize("scheme", ["imap", "imaps"])
    @pytest.mark.parametrize("mode", ["starttls", "implicit"])
    def test_encrypted_on_both_sides(
        self, secret: Dovecot, ours: Certificate, theirs: Certificate, scheme: str, mode: str
    ):
        settings = {
            "tls": {"certificate": str(ours.certificate), "key": str(ours.key), "mode": mode},
            "upstream_tls": {"ca": str(theirs.certificate)},
        }
        trusting = ssl.create_default_context(cafile=ours.certificate)
        with reading_gate(f"{scheme}://localhost:{getattr(secret, scheme)}", settings) as server:
            if mode == "implicit":
                client: imaplib.IMAP4 = imaplib.IMAP4_SSL("localhost", server.port, ssl_context=trusting)
            else:
                client = imaplib.IMAP4("localhost", server.port)
                assert {"STARTTLS", "LOGINDISABLED"} <= set(client.capabilities)
                with pytest.raises(imaplib.IMAP4.error, match="PRIVACYREQUIRED"):
                    client.login(address(READER), PASSWORD)
                client.starttls(trusting)
            with client:
                assert {"STARTTLS", "LOGINDISABLED"}.isdisjoint(client.capabilities)
                assert client.login(address(READER), PASSWORD)[0] == "OK"
                assert client.select()[0] == "OK"

    @pytest.mark.parametrize("scheme", ["imap", "imaps"])
    def test_no_word_to_a_server_that_shows_another_certificate(self, secret: Dovecot, ours: Certificate, scheme: str):
        settings = {"upstream_tls": {"ca": str(ours.certificate)}}
        with (
            reading_gate(f"{scheme}://localhost:{getattr(secret, scheme)}", settings) as server,
            pytest.raises(imaplib.IMAP4.error, match="cannot be reached"),
        ):
            imaplib.IMAP4("127.0.0.1", server.port)


BIG = 8_000_000  # octets of an attachment


@pytest.fixture(scope="module")
def big(dovecot: Dovecot) -> int:
    """A mailbox of messages with attachments: beside a letter, between two, and in a message within."""
    film = b"--q\r\nContent-Type: video/mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"A" * 76 + b"\r\n"
    film += (b"B" * 76 + b"\r\n") * (BIG // 78)
    one, two = (FIXTURES / "mailchimp-museum.eml").read_bytes(), (FIXTURES / "sendgrid-opaque.eml").read_bytes()
    top = b"Subject: film\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n"
    letter = b"--q\r\n" + one[one.index(b"Content-Type") :] + b"\r\n"
    beside, between = top + letter + film + b"--q--\r\n", top + letter + film + letter + b"--q--\r\n"
    within = top.replace(b"=q", b"=r") + b"--r\r\nContent-Type: message/rfc822\r\n\r\n" + between + b"\r\n--r--\r\n"
    return fill(dovecot, "big", [beside, between, within, two])


class TestBig:
    @pytest.mark.parametrize("section", ["", "TEXT", "1", "1.1", "1.2", "2", "3", "1.1.1", "3.1", "1.TEXT", "HEADER"])
    @pytest.mark.parametrize("partial", ["", "<0.2048>", "<3000.70000>", "<8000000.50000>"])
    def test_every_section(self, reading: Gate, dovecot: Dovecot, big: int, section: str, partial: str):
        with both(dovecot, reading, "big") as (through, direct):
            items = f"(BODY.PEEK[{section}]{partial})"
            assert answers(through, items) == answers(direct, items)
            assert through.fetch("1:*", items) == direct.fetch("1:*", items)

    def test_how_a_letter_begins_takes_no_attachment(self, dovecot: Dovecot, big: int):
        with (
            reading_gate(f"imap://127.0.0.1:{dovecot.imap}", PLAINTEXT) as fresh,
            both(dovecot, fresh, "big") as (through, direct),
        ):
            for items in ("(BODY.PEEK[1]<0.2048>)", "(BODY.PEEK[1.1]<0.2048>)"):
                assert through.fetch("1:2", items) == direct.fetch("1:2", items)
            (octets,) = re.findall(
                r'^sluis_octets_total\{direction="in",edge="imap"\} (\S+)', fresh.metrics(), re.MULTILINE
            )
            assert 0 < float(octets) < 100_000


def test_a_certificate_is_renewed_without_a_restart(secret: Dovecot, theirs: Certificate, tmp_path: Path):
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    first, second = (certificate(folder, "localhost") for folder in folders)
    before, after = (ssl.create_default_context(cafile=each.certificate) for each in (first, second))
    settings = {
        "tls": {"certificate": str(first.certificate), "key": str(first.key), "mode": "implicit"},
        "upstream_tls": {"ca": str(theirs.certificate)},
    }
    with (
        reading_gate(f"imaps://localhost:{secret.imaps}", settings) as gate,
        imaplib.IMAP4_SSL("localhost", gate.port, ssl_context=before) as client,
    ):
        client.login(address(READER), PASSWORD)
        first.certificate.write_bytes(second.certificate.read_bytes())
        first.key.write_bytes(second.key.read_bytes())
        assert gate.server.pid
        os.kill(gate.server.pid, signal.SIGHUP)

        def renewed() -> bool:
            with suppress(ssl.SSLCertVerificationError):
                imaplib.IMAP4_SSL("localhost", gate.port, ssl_context=after).logout()
                return True
            return False

        assert eventually(renewed, "the second certificate")
        assert client.noop()[0] == "OK"


def originals_passed(gate: Gate) -> str:
    """How many pieces passed as they came: the corpus has eleven messages that cannot be understood whole."""
    (passed,) = re.findall(r"^sluis_originals_passed_total.* (\S+)$", gate.metrics(), re.MULTILINE)
    return str(passed)


def reader(dovecot: Dovecot, gate: Gate, wanted: dict[int, bytes], seed: int) -> int:
    """One of many clients that read, mark, add and remove mail at random; how many messages it has read."""
    chance, read = random.Random(seed), 0
    own = b"Subject: of one client\r\n\r\nhello\r\n"
    with dovecot.login(READER, gate.port) as client:
        client.select("Tracked-many")
        for _ in range(25):
            uid, start = chance.choice(sorted(wanted)), chance.randrange(0, 3000)
            what = chance.randrange(6)
            if what < 3:
                items = ("(FLAGS BODY.PEEK[])", f"(BODY.PEEK[]<{start}.700>)", "(RFC822 RFC822.SIZE)")[what]
                found = [part for part in answers(client, items, str(uid)) if isinstance(part, tuple)]
                octets = wanted[uid][start : start + 700] if what == 1 else wanted[uid]
                assert [part[1] for part in found] == [octets]
                read += 1
            elif what == 3:
                assert client.uid("STORE", str(uid), "+FLAGS", r"(\Flagged)")[0] == "OK"
            elif what == 4:
                assert client.append("Tracked-many", r"(\Deleted)", None, own)[0] == "OK"
            else:
                assert client.expunge()[0] == "OK"
    return read


def test_many_clients_at_once(reading: Gate, dovecot: Dovecot):
    fill(dovecot, "many", fixtures())
    wanted, passed = cleaned(dovecot, "many"), originals_passed(reading)
    with ThreadPoolExecutor(8) as threads:
        read = list(threads.map(lambda seed: reader(dovecot, reading, wanted, seed), range(8)))
    assert sum(read) > 50
    assert originals_passed(reading) == passed
