"""`sluis serve`: checked before it is trusted, closed when it is told to, and saying what to do next."""

import json
import os
import pty
import re
import signal
import smtplib
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.command import sluis
from tests.integration.process import eventually, free_port, program

from sluis.clean import clean
from sluis.demo import path_of
from sluis.policy import POLICIES
from sluis.rules.load import load

NEWSLETTER = path_of("newsletter.eml").read_bytes()
CLEANED = clean(NEWSLETTER, POLICIES["balanced"], load()).raw


@contextmanager
def serving(folder: Path, **options: int) -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    """A gate in `folder` on two free ports; gone afterwards whatever happens."""
    smtp, web = free_port(), free_port()
    variables = {"SLUIS_SMTP__LISTEN": f"127.0.0.1:{smtp}", "SLUIS_WEB__LISTEN": f"127.0.0.1:{web}"}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    command = [sys.executable, "-m", "sluis", "serve"]
    with subprocess.Popen(command, cwd=folder, env=variables, **streams) as process:  # type: ignore[call-overload]
        try:
            eventually(lambda: answer(web, "readyz") == "ok\n", "a gate that is ready")
            yield process, smtp, web
        finally:
            process.kill()


def answer(port: int, path: str) -> str | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}") as reply:
            text: str = reply.read().decode()
            return text
    except OSError:
        return None


def delivered(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in (folder / "mail" / "new").iterdir()]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_mail_goes_through_and_a_signal_closes_it(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path) as (process, smtp, web):
        with smtplib.SMTP("127.0.0.1", smtp) as client:
            client.sendmail("a@kadebooks.example", ["b@lezer.example"], NEWSLETTER)
        [message] = delivered(tmp_path)
        assert message.endswith(CLEANED)
        assert 'sluis_messages_total{edge="smtp",verdict="cleaned"} 1' in (answer(web, "metrics") or "")
        process.send_signal(number)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (0, b"")
    assert all(json.loads(line) for line in errors.splitlines())


def test_a_hang_up_renews_and_drops_no_session(tmp_path: Path) -> None:
    with serving(tmp_path, stdin=subprocess.DEVNULL) as (process, smtp, _):
        with smtplib.SMTP("127.0.0.1", smtp) as client:
            client.ehlo()
            process.send_signal(signal.SIGHUP)
            assert process.stderr
            assert next(event for event in map(json.loads, process.stderr) if "read anew" in event["event"])
            client.sendmail("a@kadebooks.example", ["b@lezer.example"], NEWSLETTER)
        assert delivered(tmp_path)[0].endswith(CLEANED)
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_what_the_welcome_proposes_works(tmp_path: Path) -> None:
    program("swaks")
    ours, theirs = pty.openpty()
    with serving(tmp_path, stdout=theirs) as (process, _, web):
        welcome = os.read(ours, 1 << 16).decode().replace("\r\n", "\n")
        assert f"http://127.0.0.1:{web}/" in welcome
        for command in re.findall(r"^  ((?:swaks|python3) .*)$", welcome, re.MULTILINE):
            subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)
        messages = delivered(tmp_path)
        assert len(messages) == welcome.count("  swaks ") + welcome.count("  python3 ") == 2
        assert all(CLEANED in message for message in messages)
        [difference] = re.findall(r"^  (diff .*)$", welcome, re.MULTILINE)
        shown = subprocess.run(difference, shell=True, check=False, capture_output=True)
        assert shown.returncode == 1
        assert b"> X-Sluis: cleaned; pixels=5 links=15" in shown.stdout
        process.terminate()
    os.close(ours)
    os.close(theirs)


def test_a_good_configuration_is_checked_and_nothing_made(tmp_path: Path) -> None:
    (tmp_path / "sluis.yaml").write_text(f"smtp: {{upstream: 'maildir:{tmp_path}/mail', listen: 127.0.0.1:0}}\n")
    ran = sluis("serve", "--check", "--config", tmp_path / "sluis.yaml", SLUIS_WEB__LISTEN="127.0.0.1:0")
    assert (ran.code, ran.errors) == (0, "")
    assert ran.output.startswith(b"good: mail from 127.0.0.1:0 to maildir:")
    assert [path.name for path in tmp_path.iterdir()] == ["sluis.yaml"]


def test_the_check_tells_which_policy_is_for_whom(tmp_path: Path) -> None:
    file = tmp_path / "sluis.yaml"
    file.write_text(
        "policies:\n- {recipient: a.example, policy: strict}\n- {list: <x.example>, sender: b.example, policy: audit}\n"
        "- {sender: c.example, policy: simple}\nweb: {listen: 127.0.0.1:0}\n"
        "authentication: {trust: [mx.example], authserv_id: a.example}\n"
    )
    terms = "if mx.example or a.example has proven it, else only to tighten"
    assert sluis("serve", "--check", "--config", file).output.decode().splitlines()[1:] == [
        "policy strict for recipient a.example",
        f"policy audit for sender b.example and list x.example {terms}",
        f"policy simple for sender c.example {terms}",
        "policy balanced for all else",
    ]


def test_a_gate_for_readers_only(tmp_path: Path) -> None:
    variables = {"SLUIS_IMAP__LISTEN": "127.0.0.1:0", "SLUIS_WEB__LISTEN": "127.0.0.1:0"}
    variables |= {"SLUIS_SMTP__UPSTREAM": "null", "SLUIS_IMAP__UPSTREAM": "imaps://mail.example"}
    ran = sluis("serve", "--check", **variables)
    assert (ran.code, ran.errors) == (0, "")
    assert ran.output.startswith(b"good: readers on 127.0.0.1:0 of imaps://mail.example:993, status on ")


def test_a_gate_for_mail_servers_only() -> None:
    variables = {"SLUIS_MILTER__LISTEN": "127.0.0.1:0", "SLUIS_SMTP__UPSTREAM": "null"}
    ran = sluis("serve", "--check", **variables, SLUIS_WEB__LISTEN="127.0.0.1:0")
    assert (ran.code, ran.errors) == (0, "")
    assert ran.output.startswith(b"good: mail servers on 127.0.0.1:0, status on ")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("polcy: strict\n", "{file}:1: polcy: "),
        (
            "smtp:\n  tls: {{certificate: nowhere.pem, key: nowhere.key}}\n",
            "{file}:2: smtp.tls.certificate: nowhere.pem",
        ),
        ("smtp: {{listen: '192.0.2.1:2525'}}\n", "smtp.listen: cannot listen on 192.0.2.1:2525: "),
        ("web: {{listen: 'nowhere.invalid:80'}}\n", "web.listen: cannot listen on nowhere.invalid:80: "),
        ("web: {{listen: '127.0.0.1:2525'}}\n", "web.listen: 127.0.0.1:2525 is smtp.listen too"),
        (
            "smtp: {{upstream: null}}\n",
            "smtp.upstream: is null and so are imap.upstream and milter.listen, so there is no gate to open",
        ),
        (
            "imap: {{upstream: 'imaps://mail.example', listen: '127.0.0.1:2525'}}\n",
            "imap.listen: 127.0.0.1:2525 is smtp.listen too",
        ),
        ("smtp: {{upstream: 'maildir:/dev/null/mail'}}\n", "smtp.upstream: /dev/null is no folder"),
        ("rules: [{file}]\n", "{file}:1: "),
    ],
)
def test_what_would_not_open_is_one_line(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "sluis.yaml"
    file.write_text(text.format(file=file))
    ran = sluis("serve", "--check", "--config", file)
    assert (ran.code, ran.output) == (2, b"")
    assert ran.errors.startswith(f"sluis: {complaint.format(file=file)}")
    assert ran.errors.count("\n") == 1


@pytest.mark.parametrize("key", ["SMTP", "WEB"])
def test_a_port_that_is_taken_is_one_line_but_no_fault_to_check(tmp_path: Path, key: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        variables = {"SLUIS_SMTP__LISTEN": "127.0.0.1:0", "SLUIS_WEB__LISTEN": "127.0.0.1:0"}
        variables |= {f"SLUIS_{key}__LISTEN": listen, "SLUIS_SMTP__UPSTREAM": f"maildir:{tmp_path}/mail"}
        ran = sluis("serve", **variables)
        assert sluis("serve", "--check", **variables).code == 0
    assert (ran.code, ran.output) == (2, b"")
    assert ran.errors.startswith(f"sluis: {key.lower()}.listen: cannot listen on {listen}: ")
    assert ran.errors.lower().endswith("address already in use\n")
    assert ran.errors.count("\n") == 1
