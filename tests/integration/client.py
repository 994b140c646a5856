"""Clients that others wrote: swaks, which says what was answered, and Postfix' load generator smtp-source."""

import subprocess
from dataclasses import dataclass

from tests.integration.process import program

SENDER = "bounce@letters.kadebooks.example"
READER = "sanne@lezer.example"


@dataclass(frozen=True, slots=True)
class Sent:
    """What swaks saw: `code` is its exit code (0: taken), `dialogue` both sides of the session."""

    code: int
    dialogue: str


def swaks(port: int, message: bytes, *options: str, sender: str = SENDER, to: str = READER) -> Sent:
    """Send `message`, whose lines all end in CR LF, octet for octet."""
    stuffed = message.replace(b"\r\n.", b"\r\n..") + b"."  # swaks ends the line
    command = [program("swaks"), "--server", "127.0.0.1", "--port", str(port), "--helo", "sender.example"]
    command += ["--from", sender, "--to", to, "--no-data-fixup", "--data", "-", *options]
    done = subprocess.run(command, input=stuffed, capture_output=True, check=False, timeout=60)
    return Sent(done.returncode, (done.stdout + done.stderr).decode(errors="replace"))


def smtp_source(port: int, messages: int, *options: str) -> None:
    """Send so many messages over four sessions at once. Raises CalledProcessError where one is not taken."""
    command = [program("smtp-source"), "-s", "4", "-m", str(messages), "-f", SENDER, "-t", READER]
    subprocess.run([*command, *options, f"127.0.0.1:{port}"], check=True, capture_output=True, timeout=120)
