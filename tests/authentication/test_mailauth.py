"""What another finds of the same messages by the same DNS: mailauth, for Node, which shares no line with what is here.

`SLUIS_MAILAUTH` is how many messages are made up. Where the two differ by intent is said in `agreed`, or kept out of
what is made up: mailauth finds a domain's owner by walking up the tree (RFC 9989), so a domain that has a policy here
has one at its owner's too, and no public suffix has any; and it reads a record as far as it has to, so what is wrong in
one stands first.
"""

import json
import os
import random
import shutil
import subprocess
import sys
from base64 import b64encode
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from tests.authentication.zone import MESSAGE, Zone, known, published, record, rsa_key, signed

from sluis.authentication import arc, dkim, dmarc, spf
from sluis.authentication.question import Question
from sluis.authentication.results import findings, marked
from sluis.authentication.verdict import Dmarc, Result, Spf, Verdicts
from sluis.urls.suffix import site

COUNT = int(os.environ.get("SLUIS_MAILAUTH", "300"))
PATIENCE = 300  # seconds
NOW = 1_795_000_000
DOMAINS = ("news.example", "mail.news.example", "other.example", "co.uk", "shop.co.uk")
SEALER = arc.Sealer("gate.example", "k", rsa_key())


@dataclass(frozen=True, slots=True)
class Case:
    """A message, who brings it, and what DNS says."""

    message: bytes
    author: str
    client: str
    path: str
    zone: Zone

    def told(self) -> dict[str, object]:
        """The case as JSON has it."""
        zone = {
            f"{name} {kind}": answer and [each.decode("latin-1") for each in answer]
            for (name, kind), answer in self.zone.items()
        }
        return {
            "message": b64encode(self.message).decode(),
            "client": self.client,
            "helo": "mx.news.example",
            "path": self.path,
            "zone": zone,
        }

    def judged(self) -> dict[str, object]:
        """What is found here, in the form of the other."""
        sent = known(partial(spf.judged, self.client, "mx.news.example", self.path), self.zone)
        signatures = known(partial(dkim.judged, self.message, NOW), self.zone)
        policy = known(partial(dmarc.published, self.author), self.zone)
        return {
            "spf": sent.result,
            "dkim": [[each.result, each.domain] for each in signatures] or [["none", ""]],
            "dmarc": dmarc.judged(self.author, policy, sent, signatures).result,
            "arc": known(partial(arc.judged, self.message), self.zone).result,
        }


def case(seed: int) -> Case:
    """A case made up from `seed`."""
    pick = random.Random(seed)
    author = pick.choice(DOMAINS[:3] + DOMAINS[4:])
    message = MESSAGE.replace(b"ann@news.example", b"ann@" + author.encode())
    for _ in range(pick.choice((0, 1, 1, 1, 2))):
        form = "/".join(pick.choice(("simple", "relaxed")) for _ in range(2))
        message = signed(message, pick.choice(DOMAINS[:3] + DOMAINS[4:]), form, length=pick.random() < 0.2)
    for _ in range(pick.choice((0, 0, 0, 1, 2))):
        message = sealed(message)
    zone: dict[Question, tuple[bytes, ...] | None] = dict(published("gate.example"))
    zone |= {Question(ip_address(client).reverse_pointer, "PTR"): (b"mx.news.example",) for client in CLIENTS}
    for domain in DOMAINS:
        zone |= _published(pick, domain)
    return Case(_changed(pick, message), author, pick.choice(CLIENTS), f"ann@{pick.choice(DOMAINS)}", zone)


CLIENTS = ("192.0.2.7", "192.0.2.99", "2001:db8::7")
TERMS = (
    *(
        "ip4:192.0.2.7",
        "-ip4:192.0.2.7",
        "ip4:192.0.2.0/26",
        "ip6:2001:db8::/64",
        "?ip4:192.0.2.99",
        "a",
        "mx",
        "mx/26",
    ),
    *("a:mx.other.example", "include:last.example", "include:gone.example", "exists:%{ir}.list.example", "ptr"),
    *("exists:%{l}.%{d2}", "a:gone.example", "a//64", "mx:other.example"),
)
WRONG = (*[()] * 12, ("ip4:1.2.3",), ("nonsense",), ("all:x",))
ENDS = ("-all", "~all", "?all", "", "redirect=last.example", "+all")
POLICIES = (
    *("v=DMARC1; p=reject", "v=DMARC1; p=none; sp=quarantine", "v=DMARC1; p=quarantine; adkim=s; aspf=s"),
    *("v=DMARC1;p=reject;adkim=r;aspf=s;", "v=DMARC1; p=none; rua=mailto:a@b.example"),
)


def _published(pick: random.Random, domain: str) -> dict[Question, tuple[bytes, ...] | None]:
    zone: dict[Question, tuple[bytes, ...] | None] = {
        Question(domain, "MX"): (f"mx.{domain}".encode(),),
        Question(domain, "A"): (pick.choice((b"192.0.2.7", b"203.0.113.5")),),
        Question(domain, "AAAA"): (pick.choice((b"2001:db8::7", b"2001:db8::5")),),
        Question(f"mx.{domain}", "A"): (b"192.0.2.99",),
        Question(f"mx.{domain}", "AAAA"): (b"2001:db8::7",),
        Question("7.2.0.192.list.example", "A"): (b"127.0.0.2",),
        Question("last.example"): (b"v=spf1 ip4:192.0.2.7 -all",),
    }
    if pick.random() < 0.8:
        terms = [*pick.choice(WRONG), *pick.sample(TERMS, pick.randint(0, 4)), pick.choice(ENDS)]
        zone[Question(domain)] = (" ".join(("v=spf1", *terms)).strip().encode(),)
    if pick.random() < 0.6 and domain != "co.uk":
        for name in sorted({domain, site(domain)}):
            zone[Question(f"_dmarc.{name}")] = (pick.choice(POLICIES).encode(),)
    name = Question(f"k._domainkey.{domain}")
    match pick.choice(("key", "key", "key", "key", "other", "none", "revoked")):
        case "key":
            zone |= published(domain)
        case "other":
            zone[name] = (record(rsa_key("other")),)
        case "revoked":
            zone[name] = (b"v=DKIM1; p=",)
    return zone


def _changed(pick: random.Random, message: bytes) -> bytes:
    """`message` as it is, or as something on the way has changed it."""
    changes = (
        *((b"", b"") for _ in range(5)),
        *((b"reader,", b"reader!"), (b"Dear  reader", b"Dear reader"), (b"Subject:  two", b"Subject: two")),
        *(
            (b"a\tline \r\n", b"a\tline\r\n"),
            (b"Subject", b"subject"),
            (b" \r\n\tand", b" and"),
            (b"two  blanks", b"no"),
        ),
        (b"\r\n\r\n\r\n", b"\r\n\r\n\r\nmore\r\n"),
    )
    old, new = pick.choice(changes)
    return message.replace(old, new) if old else message


def sealed(message: bytes) -> bytes:
    """`message` with a seal of ours."""
    found = Verdicts(Spf(Result.NONE), (), Dmarc(Result.NONE))
    message, zone = marked(message, "gate.example", found), published("gate.example")
    chain = known(partial(arc.judged, message), zone)
    return arc.seal(message, chain, findings("gate.example", found), SEALER, 1_790_000_000) + message


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder where mailauth is installed."""
    home = tmp_path_factory.mktemp("mailauth") / "home"
    shutil.copytree(Path(__file__).parent / "mailauth", home)
    npm = str(Path(sys.executable).with_name("npm"))
    subprocess.run([npm, "ci", "--no-audit", "--no-fund"], check=True, capture_output=True, timeout=PATIENCE, cwd=home)
    return home


def test_both_say_the_same(judge: Path) -> None:
    cases = [case(seed) for seed in range(COUNT)]
    (judge / "cases.json").write_text(json.dumps([each.told() for each in cases]))
    node = str(Path(sys.executable).with_name("node"))
    command = [node, "judge.js", "cases.json", "found.json"]
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE, cwd=judge)
    theirs = json.loads((judge / "found.json").read_text())
    found = [(seed, name) for seed, each in enumerate(cases) for name in agreed(each.judged(), theirs[seed])]
    assert found == []


def agreed(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Where the two differ. Each has words of its own for a signature that does not hold; what one leaves open (l=) and
    so is for no proof here, it takes there; what is not known in DMARC by reason of it is left out.
    """
    held = [[result in {"pass", "policy"}, domain] for result, domain in ours["dkim"]]
    there = [[result == "pass", domain] for result, domain in theirs["dkim"]]
    same = {name: ours[name] == theirs[name] for name in ("spf", "arc")}
    same["dkim"] = held == there
    same["dmarc"] = ours["dmarc"] == theirs["dmarc"] or "policy" in {result for result, _ in ours["dkim"]}
    return [name for name, agree in same.items() if not agree]
