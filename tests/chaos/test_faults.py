"""Everything that can go wrong behind, at every point of the dialogue: a client never hears a yes that nobody said.

Each row of the table is a point, each column a fault. Whatever happens the client is answered or left, and once the
server behind is mended the next session goes well. `SLUIS_FAULTS=50` goes over the whole table so many times.
"""

import asyncio
import os
import ssl

import pytest
from tests.chaos.saboteur import BEFORE_MAIL, LMTP, MAIL, SMTP, Fault, Saboteur
from tests.integration.certificate import certificate
from tests.smtp.stage import Player, Stage, stage

from sluis import config
from sluis.config import Endpoint, UpstreamTimeoutSection, UpstreamTlsSection

ROUNDS = int(os.environ.get("SLUIS_FAULTS", "1"))
SHORT = UpstreamTimeoutSection(connect=1, command=1, data=1)
BODY = b"".join(b"%064d\r\n" % number for number in range(5000))  # more than is written at once
REFUSED = {Fault.LATER: 4, Fault.NEVER: 5}
TOLD = frozenset(MAIL) - {"body"}  # a refusal amid a message may cross with its end
TLS = UpstreamTlsSection(mode="required", verify=False)
TRIES = 5  # of a healthy session, on a machine so busy that a second may pass between two steps


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """The server's TLS."""
    made = certificate(tmp_path_factory.mktemp("tls"), "behind")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate, made.key)
    return context


async def code(client: Player, *lines: str) -> int:
    """The code of the reply; 0 where the client was left instead."""
    try:
        return int((await client.asks(*lines))[:3] or 0)
    except ConnectionError:
        return 0


async def heard(playing: Stage, mark: bytes, *, login: bool) -> dict[str, int]:
    """What a client hears at each step of a session with two messages, the first of which it gives up.

    It goes on until something is refused.
    """
    client = await playing.client()
    steps = {"banner": int((await client.reply())[:3]), "EHLO": await code(client, "EHLO client.example")}
    dialogue = [
        *([("AUTH", "AUTH PLAIN"), ("challenge", "AGEAYg==")] if login else []),
        *(("MAIL", "MAIL FROM:<a@sender.example>"), ("RCPT", "RCPT TO:<b@reader.example>"), ("RSET", "RSET")),
        *(("MAIL", "MAIL FROM:<a@sender.example>"), ("RCPT", "RCPT TO:<b@reader.example>")),
        *(("RCPT", "RCPT TO:<c@reader.example>"), ("DATA", "DATA"), ("dot", "")),
    ]
    for step, line in dialogue:
        if step == "dot":
            await client.sends(mark + BODY + b".\r\n")
            steps[step] = int((await client.reply())[:3] or 0)
        else:
            steps[step] = await code(client, line)
        if not 200 <= steps[step] < 400:
            break
    steps["QUIT"] = await code(client, "QUIT")
    client.closes()
    return steps


async def tried(point: str, fault: Fault, context: ssl.SSLContext, *, lmtp: bool) -> str | None:
    """What is wrong with how a client is served when this goes wrong there; None if nothing is."""
    server = Saboteur(point, fault, context, lmtp)
    listening = await asyncio.start_server(server, "127.0.0.1", 0, limit=2**20)
    behind = Endpoint(*listening.sockets[0].getsockname()[:2])
    smtp = {"upstream_identity": "xclient", "auth": "offered", "upstream_tls": TLS, "upstream": config.Smtp(behind)}
    try:
        given = {"upstream": config.Lmtp(behind)} if lmtp else smtp
        async with stage(**given, upstream_timeout=SHORT, cleaning={"offload_octets": 10**8}) as playing:
            steps = await heard(playing, b"Mark: first\r\n", login=not lmtp)
            wrong = judged(point, fault, steps, server)
            server.mend()
            for number in range(TRIES):
                mark = b"Mark: %d\r\n" % number
                if (await heard(playing, mark, login=not lmtp)).get("dot") == 250 and mark in server.taken:
                    return wrong
        return "no session goes well after it"
    finally:
        listening.close()


def judged(point: str, fault: Fault, steps: dict[str, int], server: Saboteur) -> str | None:
    """What is wrong with what a client heard at each step."""
    dot, last = steps.get("dot"), [code for step, code in steps.items() if step != "QUIT"][-1]
    wrong = {
        "a false 250": dot == 250 and server.taken != [b"Mark: first\r\n"],
        "a false 235": steps.get("challenge") == 235 and not server.logins,
        "no farewell": steps["QUIT"] not in {221, 0},
        "another refusal": point in TOLD and fault in REFUSED and last // 100 != REFUSED[fault],
        "a message begun with nobody there": point in BEFORE_MAIL and dot is not None,
        "no refusal": not harmless(point, fault) and last not in {0, *range(400, 600)},
    }
    return next((f"{what}: {steps}" for what, so in wrong.items() if so), None)


def harmless(point: str, fault: Fault) -> bool:
    """Whether a message may be taken all the same.

    A yes amid a message looks like the one to its end where all of it is on its way already; here that one follows.
    """
    return point in {"RSET", "QUIT"} or fault is Fault.TWICE or (point, fault) == ("body", Fault.OTHER)


@pytest.mark.parametrize("lmtp", [False, True], ids=["SMTP", "LMTP"])
@pytest.mark.parametrize("fault", Fault)
async def test_no_yes_that_nobody_said(fault: Fault, lmtp: bool, context: ssl.SSLContext) -> None:
    points = LMTP if lmtp else SMTP
    for _ in range(ROUNDS):
        found = await asyncio.gather(*(tried(point, fault, context, lmtp=lmtp) for point in points))
        assert {point: wrong for point, wrong in zip(points, found, strict=True) if wrong} == {}
