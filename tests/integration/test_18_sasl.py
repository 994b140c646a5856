"""Logins through the gate at a real Dovecot: all mechanisms get in, a wrong secret does not, and none is logged."""

import hashlib
import hmac
import imaplib
import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from tests.account.issuer import TOKEN, issuer
from tests.account.mailbox import USER
from tests.integration import dovecot as dovecot_server
from tests.integration.dovecot import PASSWORD, Dovecot
from tests.integration.gate import Gate, reading_gate

MECHANISMS = ("plain", "login", "scram-sha-1", "scram-sha-256", "xoauth2", "oauthbearer")
PATIENT = "auth_failure_delay = 0\nservice anvil {\n unix_listener anvil-auth-penalty {\n  mode = 0\n }\n}\n"
WRONG = "wrong-" + secrets.token_hex(4)

Login = Callable[[imaplib.IMAP4, str], None]


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    """A Dovecot with passwords, and with tokens of an issuer."""
    with issuer("xoauth2", "oauthbearer") as passdb:
        extra = f"auth_mechanisms = {' '.join(MECHANISMS)}\n{PATIENT}{passdb}"
        with dovecot_server.dovecot(extra=extra) as made:
            yield made


@pytest.fixture(scope="module")
def gate(server: Dovecot) -> Iterator[Gate]:
    """Sluis in front of it, which tells in its log all that it ever tells."""
    settings = {"upstream_tls": {"mode": "off"}}
    log = {"format": "json", "level": "debug"}
    with reading_gate(f"imap://127.0.0.1:{server.imap}", settings, log=log) as made:
        yield made


def in_clear(client: imaplib.IMAP4, secret: str) -> None:
    client.login(USER, secret)


def in_literals(client: imaplib.IMAP4, secret: str) -> None:
    """The login in literals that the server has to ask for."""
    client.send(b"x LOGIN {%d}\r\n" % len(USER))
    client.readline()
    client.send(USER.encode() + b" {%d+}\r\n%s\r\n" % (len(secret), secret.encode()))
    while not (line := client.readline()).startswith(b"x "):
        pass
    if not line.startswith(b"x OK"):
        raise client.error(line)
    client.state = "AUTH"


def plain(client: imaplib.IMAP4, secret: str) -> None:
    client.authenticate("PLAIN", lambda _: f"\0{USER}\0{secret}".encode())


def at_once(mechanism: str, words: str) -> Login:
    """A login whose first words go with the command (RFC 4959)."""

    def log_in(client: imaplib.IMAP4, secret: str) -> None:
        initial = b64encode(words.format(USER, secret).encode()).decode()
        code, told = client._simple_command("AUTHENTICATE", mechanism, initial)
        if code != "OK":
            raise client.error(told)
        client.state = "AUTH"

    return log_in


def login(client: imaplib.IMAP4, secret: str) -> None:
    words = iter((USER, secret))
    client.authenticate("LOGIN", lambda _: next(words).encode())


def scram(digest: str) -> Login:
    """RFC 5802 §3, as the client."""

    def log_in(client: imaplib.IMAP4, secret: str) -> None:
        nonce = secrets.token_hex(9)
        bare = f"n={USER},r={nonce}"
        name = digest.replace("-", "")

        def keyed(key: bytes, text: bytes) -> bytes:
            return hmac.new(key, text, name).digest()

        def proves(challenge: bytes) -> bytes:
            facts = dict(word.split("=", 1) for word in challenge.decode().split(","))
            assert facts["r"].startswith(nonce)
            salted = hashlib.pbkdf2_hmac(name, secret.encode(), b64decode(facts["s"]), int(facts["i"]))
            last = f"c=biws,r={facts['r']}"
            whole = f"{bare},{challenge.decode()},{last}".encode()
            key = keyed(salted, b"Client Key")
            signature = keyed(hashlib.new(name, key).digest(), whole)
            proof = bytes(one ^ other for one, other in zip(key, signature, strict=True))
            expected.append(b64encode(keyed(keyed(salted, b"Server Key"), whole)))
            return f"{last},p={b64encode(proof).decode()}".encode()

        expected: list[bytes] = []
        told: list[bytes] = []

        def answers(challenge: bytes) -> bytes:
            told.append(challenge)
            if len(told) == 1:
                return f"n,,{bare}".encode()
            return proves(challenge) if len(told) == 2 else b""

        client.authenticate(f"SCRAM-{digest.upper()}", answers)
        assert told[2] == b"v=" + expected[0]  # the server proved too that it knows the password

    return log_in


XOAUTH2 = "user={}\1auth=Bearer {}\1\1"
OAUTHBEARER = "n,a={},\1auth=Bearer {}\1\1"


def bearer(mechanism: str, words: str) -> Login:
    """A login by token; where it is refused the client has to say that it has read why (RFC 7628 §3.2.3)."""

    def log_in(client: imaplib.IMAP4, secret: str) -> None:
        said = iter((words.format(USER, secret).encode(), b"\1"))
        client.authenticate(mechanism, lambda _: next(said))

    return log_in


LOGINS = {
    "LOGIN": (in_clear, PASSWORD),
    "LOGIN in literals": (in_literals, PASSWORD),
    "PLAIN": (plain, PASSWORD),
    "PLAIN at once": (at_once("PLAIN", "\0{}\0{}"), PASSWORD),
    "SASL LOGIN": (login, PASSWORD),
    "SCRAM-SHA-1": (scram("sha-1"), PASSWORD),
    "SCRAM-SHA-256": (scram("sha-256"), PASSWORD),
    "XOAUTH2": (bearer("XOAUTH2", XOAUTH2), TOKEN),
    "XOAUTH2 at once": (at_once("XOAUTH2", XOAUTH2), TOKEN),
    "OAUTHBEARER": (bearer("OAUTHBEARER", OAUTHBEARER), TOKEN),
    "OAUTHBEARER at once": (at_once("OAUTHBEARER", OAUTHBEARER), TOKEN),
}


@pytest.mark.parametrize("name", LOGINS)
def test_who_knows_the_secret_gets_in(gate: Gate, name: str) -> None:
    log_in, secret = LOGINS[name]
    with imaplib.IMAP4("127.0.0.1", gate.port) as client:
        assert {f"AUTH={mechanism.upper()}" for mechanism in MECHANISMS} <= set(client.capabilities)
        log_in(client, secret)
        assert client.select("INBOX")[0] == "OK"  # so the gate takes commands for commands again
        assert client.uid("FETCH", "1:*", "(BODY.PEEK[TEXT])")[0] == "OK"


REFUSED = [name for name, (_, secret) in LOGINS.items() if secret != TOKEN or "at once" not in name]
"""imaplib cannot answer the challenge that tells why a token is refused, if it has sent that at once."""


@pytest.mark.parametrize("name", REFUSED)
def test_who_does_not_stays_out(gate: Gate, name: str) -> None:
    with imaplib.IMAP4("127.0.0.1", gate.port) as client:
        with pytest.raises(imaplib.IMAP4.error):
            LOGINS[name][0](client, WRONG)
        assert client.noop()[0] == "OK"  # so a command is taken for one again here too


def test_no_login_is_logged(gate: Gate) -> None:
    """Whatever is told of it, in the clear or not, of logins that went well and of those that did not."""
    for name, (log_in, secret) in LOGINS.items():
        for word in (secret, WRONG)[: 1 + (name in REFUSED)]:
            with suppress(imaplib.IMAP4.error), imaplib.IMAP4("127.0.0.1", gate.port) as client:
                log_in(client, word)
    log = gate.server.log.read_text()
    assert [json.loads(line)["event"] for line in log.splitlines()]
    user, *words = (text.encode() for text in (USER, PASSWORD, TOKEN, WRONG))
    told = [user, *words, *(f"\0{USER}\0{word.decode()}".encode() for word in words)]
    told += [form.format(USER, word.decode()).encode() for word in words for form in (XOAUTH2, OAUTHBEARER)]
    for octets in told:
        encoded = b64encode(octets).decode().rstrip("=")
        assert octets.decode() not in log
        assert encoded not in log
        assert encoded[:16] not in log
