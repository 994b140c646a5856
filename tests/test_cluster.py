"""Messages worked on by a real Dask cluster: the same octets in the same order as here, whichever worker goes."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from tests.command import sluis
from tests.fixtures.catalogue import FIXTURES
from tests.integration.process import Server, eventually, folder, free_port

from sluis import cluster as module
from sluis.bulk import CHUNK, Unread
from sluis.choice import Choice
from sluis.cluster import ClusterError, joined
from sluis.job import Done, Job, cleaned
from sluis.mailbox import Piece, pieces
from sluis.policy import POLICIES
from sluis.rules.load import load

LINE = b"From a@lezer.example Thu Nov 12 09:30:04 2026\n"
JOB = Job(Choice(POLICIES["balanced"]), load())
CHUNKS = 12  # so many that neither worker has had them all when the other goes


def make(piece: Piece, raw: bytes, job: Job = JOB) -> Done:
    return cleaned(raw, piece.body - piece.begin, job, piece.begin)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A scheduler and its workers, each a process."""

    home: Path
    port: int
    scheduler: Server
    workers: list[Server] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def joins(self) -> Server:
        """One worker more."""
        name = f"worker{len(self.workers)}"
        options = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(self.home / name)]
        worker = Server([*dask("worker"), self.address, *options], self.home / f"{name}.log")
        self.workers.append(worker)
        worker.start()
        eventually(lambda: "Registered to" in worker.told or None, worker.told)
        return worker


def dask(part: str) -> list[str]:
    return [sys.executable, "-m", f"distributed.cli.dask_{part}"]


@contextmanager
def running(workers: int) -> Iterator[Cluster]:
    with folder("dask") as home:
        port = free_port()
        where = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
        made = Cluster(home, port, Server([*dask("scheduler"), *where], home / "scheduler.log"))
        try:
            made.scheduler.start(port)
            for _ in range(workers):
                made.joins()
            yield made
        finally:
            for server in (*made.workers, made.scheduler):
                server.kill()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running(2) as made:
        yield made


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An mbox of so many chunks."""
    once = b"".join(LINE + fixture.raw + b"\n" for fixture in FIXTURES)
    path = tmp_path_factory.mktemp("archive") / "archive.mbox"
    path.write_bytes(once * (CHUNKS * CHUNK // len(once) + 1))
    return path


def same(outcomes: list[tuple[Piece, Done | Unread]], todo: list[Piece]) -> bool:
    """Whether that is what is made here of each of `todo`, in order."""
    if [piece for piece, _ in outcomes] != todo:
        return False
    here = (make(piece, piece.read()) for piece in todo)
    return all(
        isinstance(there, Done) and (there.octets, there.report) == (one.octets, one.report)
        for (_, there), one in zip(outcomes, here, strict=True)
    )


def test_a_worker_is_killed_midway_and_nothing_is_lost(archive: Path) -> None:
    todo = pieces(archive, "archive.mbox")
    with running(2) as made, joined(made.address) as ours:
        outcomes = ours.each(todo, partial(make, job=JOB))
        done = [next(outcomes)]
        made.workers[0].kill()
        done += outcomes
    assert same(done, todo)


def test_one_that_joins_later_is_told_what_to_do(archive: Path) -> None:
    todo = pieces(archive, "archive.mbox")
    with running(1) as made, joined(made.address) as ours:
        outcomes = ours.each(todo, partial(make, job=JOB))
        done = [next(outcomes)]
        made.joins()
        made.workers[0].kill()  # so that the rest is the new one's
        done += outcomes
    assert same(done, todo)


def test_a_scheduler_that_goes_ends_it(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WAIT", 2)
    with running(1) as made, joined(made.address) as ours:
        outcomes = ours.each(pieces(archive, "archive.mbox"), partial(make, job=JOB))
        next(outcomes)
        made.scheduler.kill()
        with pytest.raises(ClusterError, match="the scheduler has gone"):
            list(outcomes)


def test_clean_and_audit_come_out_as_they_do_here(cluster: Cluster, tmp_path: Path) -> None:
    there = tmp_path / "in"
    there.mkdir()
    for number in range(30):
        for fixture in FIXTURES:
            (there / f"{number}-{fixture.path.name}").write_bytes(fixture.raw)
    for name, options in (("here", ()), ("there", ("--dask", cluster.address))):
        for ran in (
            sluis("clean", there, "-o", tmp_path / f"clean-{name}", *options, **os.environ),
            sluis("audit", there, "-o", tmp_path / f"audit-{name}", *options, **os.environ),
        ):
            assert (ran.code, ran.errors) == (0, "")
    for what in ("clean", "audit"):
        here, there = (files_of(tmp_path / f"{what}-{name}") for name in ("here", "there"))
        assert here == there


def files_of(path: Path) -> dict[str, bytes]:
    """Every file below `path` but the audit's memory, which is a database."""
    files = (file for file in path.rglob("*") if file.is_file() and "audit.state" not in file.name)
    return {str(file.relative_to(path)): file.read_bytes() for file in files}


def test_what_cannot_be_read_here_says_why(cluster: Cluster, tmp_path: Path) -> None:
    gone = Piece(tmp_path / "gone", "gone", 0, 0, 10)
    with joined(cluster.address) as ours:
        assert [*ours.each([gone], partial(make, job=JOB))] == [(gone, Unread("No such file or directory"))]


def test_a_worker_of_another_version_is_refused(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "__version__", "0.0.9")
    with joined(cluster.address) as ours, pytest.raises(ClusterError, match=r"and this is 0\.0\.9"):
        [*ours.each([], make)]


def test_where_no_scheduler_answers_one_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "in.mbox").write_bytes(2 * (LINE + FIXTURES[0].raw + b"\n"))
    address = f"tcp://127.0.0.1:{free_port()}"
    ran = sluis("clean", tmp_path / "in.mbox", "-o", tmp_path / "out", "--dask", address, **os.environ)
    assert ran.code == 2
    assert ran.errors.splitlines()[-1].endswith(f"{address}: no scheduler of Dask answers")


def test_what_goes_wrong_in_the_work_is_told_as_it_is(cluster: Cluster, archive: Path) -> None:
    with joined(cluster.address) as ours, pytest.raises(ZeroDivisionError):
        [*ours.each(pieces(archive, "archive.mbox")[:1], fails)]


def fails(piece: Piece, raw: bytes) -> float:
    return len(raw) / 0
