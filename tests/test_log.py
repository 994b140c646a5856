"""The log: lines a machine or a person can read, in which no reader can be found."""

import ast
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

import sluis
from sluis import log
from sluis.config import Endpoint
from sluis.edge.account import logged
from sluis.report import Report, Verdict

READER = "eve.reader@home.example"
LINK = "https://t.example/c?u=secret-token"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def stream() -> io.StringIO:
    stream = io.StringIO()
    log.configure(stream=stream)
    return stream


def said(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


class TestLines:
    def test_one_json_object_each(self, stream: io.StringIO) -> None:
        structlog.get_logger().info("message relayed", edge="smtp", findings=3, seconds=0.25, code=None)
        (line,) = said(stream)
        assert list(line)[:4] == ["timestamp", "level", "event", "edge"]
        assert line.pop("timestamp").endswith("Z")
        assert line == {
            "event": "message relayed",
            "level": "info",
            "edge": "smtp",
            "findings": 3,
            "seconds": 0.25,
            "code": None,
        }

    def test_for_people_on_a_terminal(self) -> None:
        stream = Terminal()
        log.configure(stream=stream)
        structlog.get_logger().warning("upstream lost", stage="upstream")
        assert "upstream lost" in stream.getvalue()
        assert "\x1b[" in stream.getvalue()
        assert not stream.getvalue().startswith("{")

    def test_for_people_in_a_file_without_colours(self) -> None:
        stream = io.StringIO()
        log.configure(form="console", stream=stream)
        structlog.get_logger().warning("upstream lost", stage="upstream")
        assert stream.getvalue().split("Z ", 1)[1].split() == ["[warning", "]", "upstream", "lost", "stage=upstream"]

    @pytest.mark.parametrize(("level", "heard"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
    def test_from_a_level_on(self, level: log.Level, heard: int) -> None:
        stream = io.StringIO()
        log.configure(level, stream=stream)
        logger = structlog.get_logger()
        for method in (logger.debug, logger.info, logger.warning, logger.error):
            method("said")
        assert len(said(stream)) == heard

    def test_values_of_ours_are_written_as_words(self, stream: io.StringIO) -> None:
        verdict = StrEnum("Verdict", {"CLEAN": "clean"})
        structlog.get_logger().info("x", listen=Endpoint("::1", 25), path=Path("mail"), verdict=verdict.CLEAN)
        (line,) = said(stream)
        assert (line["listen"], line["path"], line["verdict"]) == ("[::1]:25", "mail", "clean")


class TestPrivacy:
    def test_unlisted_keys_are_dropped(self, stream: io.StringIO) -> None:
        structlog.get_logger().info("message taken", rcpt=READER, subject="secret", url=LINK, edge="smtp")
        (line,) = said(stream)
        assert set(line) == {"event", "level", "timestamp", "edge"}

    def test_listed_keys_cannot_smuggle(self, stream: io.StringIO) -> None:
        structlog.get_logger().info(f"taken for {READER} with {LINK}", reason=f"550 <{READER}> unknown", edge=[READER])
        (line,) = said(stream)
        assert line["event"] == "taken for [withheld] with [withheld]"
        assert line["reason"] == "550 [withheld] unknown"
        assert line["edge"] == "[withheld]"

    def test_of_a_sender_only_the_domain_is_said(self, stream: io.StringIO) -> None:
        structlog.get_logger().info("x", sender="<bounce-eve=home.example@reader17.shop.example>")
        assert said(stream)[0]["sender"] == "shop.example"

    def test_the_operators_own_words_stand(self, stream: io.StringIO) -> None:
        structlog.get_logger().info("x", upstream="smtp://mail.internal:25")
        assert said(stream)[0]["upstream"] == "smtp://mail.internal:25"

    def test_an_exception_is_told_by_class_and_place(self, stream: io.StringIO) -> None:
        try:
            Endpoint.parse(READER)
        except ValueError:
            structlog.get_logger().exception("cleaning failed", stage="clean")
        (line,) = said(stream)
        assert line["error"] == "ValueError"
        assert line["at"].startswith("sluis.config.address:")
        assert READER not in stream.getvalue()

    def test_an_exception_can_be_handed_over(self, stream: io.StringIO) -> None:
        structlog.get_logger().error("cleaning failed", exc_info=KeyError(READER))
        (line,) = said(stream)
        assert (line["error"], line["at"]) == ("KeyError", "?:0")

    def test_other_libraries_lose_their_text(self, stream: io.StringIO) -> None:
        logging.getLogger("mail.log").info("%r recip: %s", "peer", READER)
        logging.getLogger("mail.log").warning("rejected %s", READER)
        try:
            raise LookupError(READER)
        except LookupError:
            logging.getLogger("asyncio").exception("Task exception was never retrieved: %s", READER)
        first, second = said(stream)
        assert (first["logger"], first["level"], first["event"]) == ("mail.log", "warning", "a library complained")
        assert (second["logger"], second["level"], second["error"]) == ("asyncio", "error", "LookupError")
        assert READER not in stream.getvalue()

    def test_python_warnings_lose_theirs(self) -> None:
        program = f"import warnings; from sluis import log; log.configure(); warnings.warn({READER!r})"
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert json.loads(run.stderr)["logger"] == "py.warnings"
        assert READER not in run.stderr

    @given(st.text(), st.sampled_from(sorted(log.KEYS - {"level", "timestamp"})))
    def test_a_line_is_a_line_whatever_stands_in_it(self, text: str, key: str) -> None:
        for form in ("json", "console"):
            stream = io.StringIO()
            log.configure(form=form, stream=stream)  # type: ignore[arg-type]
            event, others = (text, {}) if key == "event" else ("x", {key: text})
            structlog.get_logger().info(event, **others)
            assert stream.getvalue().endswith("\n")
            assert stream.getvalue()[:-1].isprintable()


class TestLosses:
    def test_a_full_disk_raises_into_nobody_and_is_counted(self) -> None:
        lost: list[int] = []
        with open("/dev/full", "w") as full:  # noqa: PTH123 - it is no file
            lines = log.configure(stream=full)
            logger = structlog.get_logger()
            logger.info("said before anybody counts")
            lines.counted(lost.append)
            logger.info("x" * 20_000)
            try:
                raise LookupError(READER)
            except LookupError:
                logger.exception("a session broke")
            logging.getLogger("asyncio").error("a library's")
            with suppress(OSError):
                full.close()
        assert lost == [1, 1, 1, 1]

    def test_neither_does_a_stream_that_is_closed_or_a_pipe_that_nobody_reads(self) -> None:
        lost: list[int] = []
        closed = io.StringIO()
        closed.close()
        reading, writing = os.pipe()
        os.close(reading)
        with open(writing, "w", closefd=True) as pipe:  # noqa: PTH123 - nor is this
            for stream in (closed, pipe):
                log.configure(form="json", stream=stream).counted(lost.append)
                structlog.get_logger().warning("upstream lost")
            with suppress(BrokenPipeError):
                pipe.close()
        assert lost == [0, 1, 0, 1]

    def test_what_is_written_is_not_counted(self, stream: io.StringIO) -> None:
        lost: list[int] = []
        log.configure(stream=stream).counted(lost.append)
        structlog.get_logger().info("x")
        assert (lost, len(said(stream))) == ([0], 1)


def calls() -> Iterator[tuple[Path, ast.Call]]:
    """Every call of a logging method in the package."""
    for path in Path(sluis.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "logger" | "_log"), attr=method)):
                    if method in {"debug", "info", "warning", "error", "exception", "critical"}:
                        yield path, node


def fixed(sentence: ast.expr) -> bool:
    """Whether it stands in the source as it is said, or is one of two that do."""
    match sentence:
        case ast.IfExp(body=one, orelse=other):
            return fixed(one) and fixed(other)
        case _:
            return isinstance(sentence, ast.Constant)


def keys(call: ast.Call) -> Iterator[str | None]:
    """The names of what is said beside the event; for `**logged(...)`, which gates share, those that it yields."""
    for keyword in call.keywords:
        match keyword:
            case ast.keyword(arg=None, value=ast.Call(func=ast.Name(id="logged"))):
                yield from logged(Report(Verdict.CLEAN, None, 0, 0), 0)
            case _:
                yield keyword.arg


def test_every_event_is_a_fixed_sentence_with_listed_keys() -> None:
    for path, call in calls():
        where = f"{path}:{call.lineno}"
        assert len(call.args) == 1, where
        assert fixed(call.args[0]), where
        assert {*keys(call)} <= log.KEYS | {"exc_info"}, where
