"""Several workers at one port, as an operator runs them: mail reaches all, and no count or message is lost with one."""

import json
import os
import signal
import smtplib
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import psutil
from prometheus_client.parser import text_string_to_metric_families as read_text
from tests.integration.process import answers, eventually, free_port

from sluis.clean import clean
from sluis.demo import path_of
from sluis.policy import POLICIES
from sluis.rules.load import load

NEWSLETTER = path_of("newsletter.eml").read_bytes()
CLEANED = clean(NEWSLETTER, POLICIES["balanced"], load()).raw


@dataclass
class House:
    """A parent and its workers. `folder` is where they run, and where their Maildir is."""

    folder: Path
    process: subprocess.Popen[bytes]
    smtp: int
    web: int

    @property
    def workers(self) -> list[int]:
        """The workers that are there: a parent's other child is the tracker of multiprocessing."""
        children = psutil.Process(self.process.pid).children()
        return [child.pid for child in children if "spawn_main" in _command(child)]

    def answer(self, path: str) -> tuple[int, str]:
        """What the window says."""
        try:
            with urlopen(f"http://127.0.0.1:{self.web}/{path}", timeout=30) as reply:
                return reply.status, reply.read().decode()
        except HTTPError as error:
            return error.code, error.read().decode()

    def samples(self) -> Counter[str]:
        """Each series that is not at 0, as in `sluis_messages_total{edge=smtp,verdict=cleaned}`."""
        families = read_text(self.answer("metrics")[1])
        found: Counter[str] = Counter()
        for sample in (sample for family in families for sample in family.samples):
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] += sample.value
        return +found

    def messages(self) -> float:
        """How many messages were counted."""
        return self.samples()["sluis_messages_total{edge=smtp,verdict=cleaned}"]

    def connected(self) -> smtplib.SMTP:
        """A client whose connection is kept."""
        client = smtplib.SMTP("127.0.0.1", self.smtp, timeout=30)
        client.ehlo()
        return client

    def delivered(self) -> list[bytes]:
        return [path.read_bytes() for path in (self.folder / "mail" / "new").iterdir()]

    def events(self) -> list[dict[str, object]]:
        """What was logged so far."""
        return [json.loads(line) for line in (self.folder / "log").read_text().splitlines()]

    def told(self, event: str) -> int:
        """How many times it was logged so far."""
        return sum(event in str(each["event"]) for each in self.events())


def _command(process: psutil.Process) -> str:
    with suppress(psutil.Error):  # it is gone by now
        return " ".join(process.cmdline())
    return ""


def send(client: smtplib.SMTP) -> None:
    client.sendmail("a@kadebooks.example", ["b@lezer.example"], NEWSLETTER)


@contextmanager
def house(folder: Path, workers: int = 2, **settings: object) -> Iterator[House]:
    smtp, web = free_port(), free_port()
    file = folder / "sluis.yaml"
    sections = {"smtp": {"listen": f"127.0.0.1:{smtp}"}, "web": {"listen": f"127.0.0.1:{web}"}}
    file.write_text(json.dumps(sections | {"workers": workers, "log": {"format": "json"}} | settings))
    command = [sys.executable, "-m", "sluis", "serve", "--config", str(file)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    made = House(folder, process, smtp, web)
    try:
        eventually(lambda: answers(web) and made.answer("readyz")[0] == 200, "workers that are ready")
        yield made
    finally:
        process.kill()
        process.wait()


def left_open(connections: psutil.Process) -> int:
    return len(connections.net_connections("tcp"))


def test_mail_reaches_all_workers_and_the_counts_add_up(tmp_path: Path) -> None:
    with house(tmp_path) as made, ExitStack() as stack:
        clients = [stack.enter_context(made.connected()) for _ in range(12)]
        inside = [left_open(psutil.Process(worker)) - 1 for worker in made.workers]
        assert sum(inside) == 12
        assert min(inside) > 0
        assert made.samples()["sluis_sessions{edge=smtp}"] == 12
        for client in clients * 3:
            send(client)
        counted = made.samples()
        assert counted["sluis_messages_total{edge=smtp,verdict=cleaned}"] == 36
        assert counted["sluis_octets_total{direction=in,edge=smtp}"] == 36 * len(NEWSLETTER)
        assert counted["sluis_cleaning_seconds_count{edge=smtp}"] == 36
        assert counted["sluis_cleaning_seconds_bucket{edge=smtp,le=+Inf}"] == 36
        assert counted["sluis_relay_seconds_bucket{edge=smtp,le=+Inf}"] == 36
        assert [value for name, value in counted.items() if name.startswith("sluis_build_info")] == [1]
        assert json.loads(made.answer("status.json")[1])["messages"] == 36
        assert made.answer("healthz") == (200, "ok\n")
    assert len(made.delivered()) == 36


def test_a_killed_worker_takes_no_count_and_no_message_with_it(tmp_path: Path) -> None:
    taken: list[int] = []
    counted: list[float] = []

    def sender(number: int) -> None:
        """Send as a mail server does: again, until it is taken."""
        for _ in range(40):
            while True:
                with suppress(OSError, smtplib.SMTPException), made.connected() as client:
                    send(client)
                    taken.append(number)
                    break

    def before(number: int) -> None:
        eventually(lambda: len(taken) >= number, "some mail")

    with house(tmp_path) as made, ThreadPoolExecutor() as threads:
        sending = [threads.submit(sender, number) for number in range(4)]
        first = made.workers
        for victim in first:
            before(len(taken) + 15)
            counted.append(made.messages())
            os.kill(victim, signal.SIGKILL)
            eventually(lambda: len(made.workers) == 2, "another worker")
            counted.append(made.messages())
        for each in sending:
            each.result()
        counted.append(made.messages())
        eventually(lambda: made.told("the gate is open") == 4, "another worker's gate")
        after = made.samples()
        assert not set(first) & set(made.workers)
        assert after["sluis_worker_ends_total{}"] == 2
        assert after["sluis_sessions{edge=smtp}"] == 0
        assert after["sluis_start_time_seconds{}"] > 0
    assert counted == sorted(counted)
    assert len(taken) == 160
    # What a worker had stored and not answered for when it died was sent again; nothing was lost.
    assert 160 <= len(made.delivered()) <= 160 + 2 * 4
    assert 160 - 2 * 4 <= counted[-1] <= len(made.delivered())


def test_a_term_lets_each_worker_finish(tmp_path: Path) -> None:
    with house(tmp_path) as made:
        clients = [made.connected() for _ in range(6)]
        for client in clients:
            client.mail("a@kadebooks.example")
            client.rcpt("b@lezer.example")
            client.putcmd("data")
            assert client.getreply()[0] == 354
        workers = made.workers
        made.process.terminate()
        eventually(lambda: not answers(made.smtp), "a closed port")
        assert made.answer("readyz")[0] == 503
        for client in clients:
            client.send(NEWSLETTER + b".\r\n")
            assert client.getreply()[0] == 250
            client.close()
        assert made.process.wait(30) == 0
        assert not any(psutil.pid_exists(worker) for worker in workers)
    assert len(made.delivered()) == 6
    assert {str(event["level"]) for event in made.events()} == {"info"}


def test_a_hang_up_renews_all_of_them_or_none(tmp_path: Path) -> None:
    rules = tmp_path / "own.yaml"
    rules.write_text("[]\n")
    with house(tmp_path, rules=[str(rules)]) as made, made.connected() as client:
        made.process.send_signal(signal.SIGHUP)
        eventually(lambda: made.told("were read anew") == 2, "both renewed")
        rules.write_text("nonsense: yes\n")
        made.process.send_signal(signal.SIGHUP)
        eventually(lambda: made.told("nothing was renewed") == 1, "a refusal")
        send(client)
        assert made.told("were read anew") == 2
        assert made.told("nothing was renewed") == 1
    assert made.delivered()[0].endswith(CLEANED)


def test_workers_without_a_parent_finish_and_go(tmp_path: Path) -> None:
    with house(tmp_path) as made, made.connected() as client:
        workers = made.workers
        made.process.kill()
        made.process.wait()
        eventually(lambda: not answers(made.smtp), "a closed port")
        assert client.noop()[0] == 421
        eventually(lambda: not any(psutil.pid_exists(worker) for worker in workers), "workers gone")


def test_one_that_cannot_open_keeps_all_from_opening(tmp_path: Path) -> None:
    file = tmp_path / "sluis.yaml"
    file.write_text(
        "workers: 2\nsmtp: {upstream: 'maildir:/dev/null/mail', listen: 127.0.0.1:0}\nweb: {listen: 127.0.0.1:0}\n"
    )
    command = [sys.executable, "-m", "sluis", "serve", "--config", str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "sluis: smtp.upstream: cannot make the Maildir /dev/null/mail: Not a directory\n"


def test_clients_of_one_that_cannot_come_back_go_to_the_others(tmp_path: Path) -> None:
    rules = tmp_path / "own.yaml"
    rules.write_text("[]\n")
    with house(tmp_path, rules=[str(rules)]) as made:
        rules.write_text("nonsense: yes\n")
        os.kill(made.workers[0], signal.SIGKILL)
        eventually(lambda: made.told("a worker could not open") == 1, "a worker that is not there")
        for _ in range(8):
            with made.connected() as client:
                send(client)
        assert made.messages() == 8
        assert made.answer("readyz") == (200, "ok\n")
        rules.write_text("[]\n")
        eventually(lambda: made.told("the gate is open") == 3, "another worker")


def test_a_port_that_is_taken_is_not_shared(tmp_path: Path) -> None:
    with house(tmp_path) as made:
        file = tmp_path / "sluis.yaml"
        web = f"127.0.0.1:{free_port()}"
        command = [sys.executable, "-m", "sluis", "serve", "--config", str(file)]
        environ = dict(os.environ) | {"SLUIS_WEB__LISTEN": web}
        ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, env=environ)
        assert ran.returncode == 2
        assert ran.stderr == f"sluis: smtp.listen: cannot listen on 127.0.0.1:{made.smtp}: Address already in use\n"
