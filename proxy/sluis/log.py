"""The log: what the gate does, told to the one who runs it, and never about whom.

No recipient, subject, URL or body may reach the log, whoever writes the line and whatever went wrong. So an allow-list
of keys stands between every event and the stream, an exception is told by its class and place alone (its message may
quote a mail), and of other libraries' lines only who complained is kept. The event itself is a fixed English sentence.

A line that cannot be written is lost and counted: a message that the server behind has taken is delivered, and its
sender must hear so, though the disk of the log be full.
"""

import logging
import sys
from collections.abc import Callable
from enum import Enum
from traceback import walk_tb
from types import TracebackType
from typing import Literal, TextIO, cast

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from sluis.metrics import sender_domain

Level = Literal["debug", "info", "warning", "error"]
Format = Literal["auto", "console", "json"]

# Every key a line may have. The operator's own words, which name no reader, are written as they stand.
_OPERATORS = frozenset({"listen", "upstream", "path", "policy", "config"})
KEYS = _OPERATORS | {
    *("event", "level", "timestamp", "logger", "error", "at"),
    *("edge", "session", "peer", "sender", "stage", "reason", "mechanism", "command", "code", "signal"),
    *("verdict", "findings", "pixels", "links", "recipients", "messages"),
    *(
        "octets",
        "octets_in",
        "octets_out",
        "seconds",
        "cleaning_ms",
        "version",
        "vendors",
        "rules",
        "processes",
        "worker",
    ),
}
_FIRST = ("timestamp", "level", "event")
_LONGEST = 300


class Lines:
    """Where lines go. Writing never raises; what a stream holds back may still come when there is room again."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lost = 0
        self._count: Callable[[int], None] | None = None

    def counted(self, count: Callable[[int], None]) -> None:
        """Tell `count` how many were lost until now, and of each from now on."""
        self._count = count
        count(self._lost)

    def write(self, line: str) -> None:
        """Write a line, all of it at once."""
        try:
            self._stream.write(line)
            self._stream.flush()
        except (OSError, ValueError):  # a full disk, a pipe that nobody reads; a stream that was closed
            self._lost += 1
            if self._count:
                self._count(1)

    def flush(self) -> None:
        """Nothing is held back here."""


def configure(level: Level = "info", form: Format = "auto", stream: TextIO | None = None) -> Lines:
    """Send each line of `level` and above to `stream` (stderr): for people on a terminal, else as one JSON object."""
    out = stream or sys.stderr
    lines = Lines(out)
    people = form == "console" or (form == "auto" and out.isatty())
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=out.isatty(), sort_keys=False)
        if people
        else structlog.processors.JSONRenderer(sort_keys=False)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            tell_exception,
            keep_allowed,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", lines)),  # one write each, as processes share it
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    return lines


def tell_exception(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Put the class and the place of an exception where its text and traceback would have stood."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__qualname__
        event["at"] = _place(error.__traceback__)
    return event


def keep_allowed(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Drop every key that is not in `KEYS`, and of the values that stay whatever could name a reader."""
    ordered = sorted(event, key=lambda key: _FIRST.index(key) if key in _FIRST else len(_FIRST))
    return {key: _value(key, event[key]) for key in ordered if key in KEYS}


class _Libraries(logging.Handler):
    """Other libraries' warnings without their text, which may quote an address or a line of a mail."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger()
        tell: Callable[..., None] = log.error if record.levelno >= logging.ERROR else log.warning
        tell("a library complained", logger=record.name, exc_info=record.exc_info)


def _value(key: str, value: object) -> object:
    if value is None or (isinstance(value, bool | int | float) and not isinstance(value, Enum)):
        return value
    text = sender_domain(str(value)) if key == "sender" else str(value)
    if key not in _OPERATORS:
        text = " ".join("[withheld]" if "@" in word or "://" in word else word for word in text.split(" "))
    return _printable(text[:_LONGEST])


def _printable(text: str) -> str:
    """`text` with its control, bidi and line-breaking characters written out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def _place(traceback: TracebackType | None) -> str:
    """The innermost line of ours that an exception came through; of anyone's, if it came through none."""
    frames = [(frame.f_globals.get("__name__", "?"), line) for frame, line in walk_tb(traceback)]
    ours = [frame for frame in frames if frame[0].startswith("sluis.")]
    module, line = next(reversed(ours or frames), ("?", 0))
    return f"{module}:{line}"
