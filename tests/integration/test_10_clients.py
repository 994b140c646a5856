"""Mail clients that people use, through the gate: each brings all mail home clean, and the second time nothing more.

What is done at home goes up as it would without the gate: flags, moves and deletions, and new mail to the octet.
"""

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


def with_mbsync(port: int, folder: Path, mailbox: str = MAILBOX) -> Store:
    """Marks what it brings with a field of its own; both ways."""
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
        Far :far:{mailbox}
        Near :near:mail
        Create Near
        Expunge Both
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


LETTER = b"From: teun@lezer.example\r\nSubject: of mine\r\nMessage-ID: <mine@lezer.example>\r\n\r\nhello\r\n"
BEACON = b'Content-Type: text/html\r\n\r\n<img src="https://u1.ct.sendgrid.net/wf/open?upn=u001.Qm9v" width=1>\r\n'
OWN = LETTER.partition(b"\r\n\r\n")[0] + b"\r\n" + BEACON


def lying(dovecot: Dovecot, mailbox: str) -> dict[int, tuple[set[str], bytes]]:
    """What is in a mailbox at Dovecot itself: flags and octets by number."""
    with IMAPClient("127.0.0.1", dovecot.imap, ssl=False) as direct:
        direct.login(address(READER), PASSWORD)
        direct.select_folder(mailbox, readonly=True)
        found = direct.fetch(direct.search(), ["FLAGS", "BODY.PEEK[]"])
    return {uid: ({f.decode() for f in told[b"FLAGS"]} - {"\\Recent"}, told[b"BODY[]"]) for uid, told in found.items()}


def test_what_a_client_changes_is_changed_at_the_server(gate: Gate, dovecot: Dovecot) -> None:
    fill(dovecot, "up", fixtures()[:4])
    before = {uid: raw for uid, (_, raw) in lying(dovecot, "Tracked-up").items()}
    with IMAPClient("127.0.0.1", gate.port, ssl=False) as client:
        client.login(address(READER), PASSWORD)
        client.create_folder("Up")
        client.select_folder("Tracked-up")
        client.fetch([1, 2, 3, 4], ["BODY.PEEK[]", "BODY.PEEK[1]"])
        client.add_flags([1], ["\\Seen", "$Forwarded"])
        client.move([2], "Up")
        client.copy([1], "Up")
        client.delete_messages([3])
        client.uid_expunge([3])
        client.append("Tracked-up", OWN, ["\\Draft"])
        client.fetch([4], ["BODY[TEXT]"])
    assert lying(dovecot, "Tracked-up") == {
        1: ({"\\Seen", "$Forwarded"}, before[1]),
        4: ({"\\Seen"}, before[4]),
        5: ({"\\Draft"}, OWN),
    }
    assert lying(dovecot, "Up") == {1: (set(), before[2]), 2: ({"\\Seen", "$Forwarded"}, before[1])}


def test_what_mbsync_finds_changed_at_home_is_changed_at_the_server(
    gate: Gate, dovecot: Dovecot, tmp_path: Path
) -> None:
    fill(dovecot, "sync", fixtures()[:3])
    before = {uid: raw for uid, (_, raw) in lying(dovecot, "Tracked-sync").items()}
    assert len(with_mbsync(gate.port, tmp_path, "Tracked-sync")) == 3
    files = {
        number: path for path in (tmp_path / "mail").glob("*/*U=*") for number in re.findall(r"U=(\d+)", path.name)
    }
    for number, flags in (("1", "FS"), ("2", "ST")):
        name = files[number].name.partition(":2,")[0]
        files[number].rename(tmp_path / "mail" / "cur" / f"{name}:2,{flags}")
    (tmp_path / "mail" / "new" / "1.mine").write_bytes(lines(OWN))
    with_mbsync(gate.port, tmp_path, "Tracked-sync")
    found = lying(dovecot, "Tracked-sync")
    own = found.pop(max(found))
    assert found == {1: ({"\\Flagged", "\\Seen"}, before[1]), 3: (set(), before[3])}
    assert re.sub(rb"^X-TUID: .*\n", b"", own[1], count=1, flags=re.MULTILINE) == OWN
