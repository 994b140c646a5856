"""Mail clients that people use, through the gate: each brings all mail home clean, and the second time nothing more."""

import imaplib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from imapclient import IMAPClient
from tests.integration.dovecot import PASSWORD, Dovecot, address
from tests.integration.gate import Gate, reading_gate
from tests.integration.mailboxes import READER, cleaned, fill, fixtures
from tests.integration.process import program

MAILBOX = "Tracked-clients"
PATIENCE = 120  # seconds for a client, whatever else the machine does

Store = dict[int, bytes]
Sync = Callable[[int, Path], Store]
"""Syncs a mailbox through a port into a folder, and gives all that is there then."""


@pytest.fixture(scope="module")
def wanted(dovecot: Dovecot) -> Store:
    """The messages as they are to come home, by their unique identifiers."""
    fill(dovecot, "clients", fixtures())
    return cleaned(dovecot, "clients")


@pytest.fixture(scope="module")
def gate(dovecot: Dovecot, wanted: Store) -> Iterator[Gate]:
    """Sluis in front of Dovecot."""
    with reading_gate(f"imap://127.0.0.1:{dovecot.imap}", {"upstream_tls": {"mode": "off"}}) as server:
        yield server


def run(*command: str, folder: Path | None = None) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE, cwd=folder).stdout


def kept(folder: Path) -> Store:
    """The messages in a folder of files named after their unique identifiers."""
    return {int(path.stem): path.read_bytes() for path in folder.glob("*.eml")}


def with_imaplib(port: int, folder: Path) -> Store:
    with imaplib.IMAP4("127.0.0.1", port) as client:
        client.login(address(READER), PASSWORD)
        client.select(MAILBOX, readonly=True)
        for uid in client.uid("SEARCH", "ALL")[1][0].split():
            file = folder / f"{uid.decode()}.eml"
            if not file.exists():
                file.write_bytes(client.uid("FETCH", uid.decode(), "(RFC822)")[1][0][1])
    return kept(folder)


def with_imapclient(port: int, folder: Path) -> Store:
    with IMAPClient("127.0.0.1", port, ssl=False) as client:
        client.login(address(READER), PASSWORD)
        client.select_folder(MAILBOX, readonly=True)
        missing = [uid for uid in client.search() if not (folder / f"{uid}.eml").exists()]
        for uid, told in client.fetch(missing, ["BODY.PEEK[]", "FLAGS", "ENVELOPE", "BODYSTRUCTURE"]).items():
            (folder / f"{uid}.eml").write_bytes(told[b"BODY[]"])
    return kept(folder)


def with_imapflow(port: int, folder: Path) -> Store:
    """Downloads each message in pieces of a thousand octets."""
    home = folder.parent / "imapflow"
    node = Path(sys.executable).with_name("node")
    if not home.exists():
        shutil.copytree(Path(__file__).parent / "imapflow", home)
        run(str(node.with_name("npm")), "ci", "--no-audit", "--no-fund", folder=home)
    run(str(node), "sync.js", str(port), address(READER), PASSWORD, MAILBOX, str(folder), folder=home)
    return kept(folder)


def with_mbsync(port: int, folder: Path) -> Store:
    """Marks what it brings with a field of its own."""
    settings = f"""
        IMAPAccount gate
        Host 127.0.0.1
        Port {port}
        User {address(READER)}
        Pass {PASSWORD}
        SSLType None
        AuthMechs LOGIN

        IMAPStore far
        Account gate

        MaildirStore near
        Path {folder}/
        Inbox {folder}/INBOX
        SubFolders Verbatim

        Channel all
        Far :far:{MAILBOX}
        Near :near:mail
        Create Near
        SyncState *
    """
    file = folder / "mbsyncrc"
    file.write_text("\n".join(line.strip() for line in settings.splitlines()))
    run(program("mbsync"), "-c", str(file), "all")
    return maildir(folder / "mail", rb"^X-TUID: .*\n")


def with_offlineimap(port: int, folder: Path) -> Store:
    """Adds a field too."""
    settings = f"""
        [general]
        accounts = gate
        metadata = {folder}/state
        [Account gate]
        localrepository = near
        remoterepository = far
        [Repository near]
        type = Maildir
        localfolders = {folder}/mail
        [Repository far]
        type = IMAP
        remotehost = 127.0.0.1
        remoteport = {port}
        remoteuser = {address(READER)}
        remotepass = {PASSWORD}
        ssl = no
        starttls = no
        readonly = true
        folderfilter = lambda name: name == "{MAILBOX}"
    """
    file = folder / "offlineimaprc"
    file.write_text("\n".join(line.strip() for line in settings.splitlines()))
    run(program("offlineimap"), "-o", "-u", "basic", "-c", str(file))
    return maildir(folder / "mail" / MAILBOX, rb"^X-OfflineIMAP: .*\n")


def maildir(folder: Path, mark: bytes) -> Store:
    """The messages of a Maildir in the order in which they came, without the mark of who brought them."""
    files = sorted((path for kind in ("cur", "new") for path in (folder / kind).iterdir()), key=lambda path: path.name)
    found = [re.sub(mark, b"", path.read_bytes(), count=1, flags=re.MULTILINE) for path in files]
    return dict(enumerate(found))


@pytest.mark.parametrize("sync", [with_imaplib, with_imapclient, with_imapflow, with_mbsync, with_offlineimap])
def test_a_second_sync_downloads_nothing(gate: Gate, wanted: Store, tmp_path: Path, sync: Sync) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    first = sync(gate.port, folder)
    assert sorted(map(lines, first.values())) == sorted(map(lines, wanted.values()))
    before = told(gate)
    assert sync(gate.port, folder) == first
    assert told(gate) == before


def lines(octets: bytes) -> bytes:
    """A message with the line ends of a file."""
    return octets.replace(b"\r\n", b"\n")


def told(gate: Gate) -> float:
    """How many messages the gate has told of so far."""
    found = re.findall(r"^sluis_messages_total\{.*\} (\S+)$", gate.metrics(), re.MULTILINE)
    return sum(map(float, found))
