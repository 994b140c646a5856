"""`sluis serve`: the gate and its window, open until a signal says otherwise."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from sluis.cli.options import Stop, load_config, load_rules

if TYPE_CHECKING:
    from contextlib import ExitStack
    from socket import socket

    from sluis.config import Config, Endpoint, PolicySection
    from sluis.metrics import Metrics
    from sluis.rules.table import Rules

_NO_GATE = "smtp.upstream: is null and so are imap.upstream and milter.listen, so there is no gate to open"
_MEMORY = "/dev/shm"  # noqa: S108 - where Linux has files without a disk


class House(Protocol):
    """Open gates: in this process, or in workers that it watches."""

    @property
    def metrics(self) -> "Metrics":
        """What they have counted."""

    @property
    def endpoints(self) -> "Mapping[str, Endpoint]":
        """Where each of them listens, by its edge."""

    def not_ready(self) -> str | None:
        """Why they are of no use just now, in a few words; None if they are."""

    async def renew(self) -> None:
        """Read anew what may change under way; what cannot be read leaves all as it is."""

    async def close(self) -> None:
        """Finish what is under way, and part."""


def serve(
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="FILE", help="The configuration (sluis.yaml). Without it, the defaults."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check configuration, rules, certificates and addresses, and leave.")
    ] = False,
) -> None:
    """Run the gateway: take mail over SMTP, clean it, and hand it on; let clients read clean mail over IMAP; or tell a
    mail server what to change in its mail, as a milter.

    With no configuration it listens on 127.0.0.1:2525, delivers into the Maildir ./mail, and shows its status and
    metrics on http://127.0.0.1:9125/.

        sluis serve
        sluis serve --config /etc/sluis.yaml --check
        SLUIS_SMTP__UPSTREAM=smtp://mail.internal:25 sluis serve

    Every key of the configuration can be set by a variable too; config/sluis.yaml lists them all. SIGTERM and SIGINT
    close the gate when what is under way is done; a second one does not wait. SIGHUP reads rules, lists and the
    certificate anew and drops no session; at a terminal it closes, as the terminal is gone. With several workers both
    hold for each of them.

    Exit code 0: closed, or checked and good; 2: it cannot open, and one line says why.
    """
    from sluis import loop

    settings = load_config(config)
    rules = load_rules(settings.rules, settings.kept)
    if check:
        _check(settings, rules)
    else:
        loop.run(_serve(settings, rules), settings.event_loop)


def _check(settings: "Config", rules: "Rules") -> None:
    """Raise `Stop` for the first thing that would keep the gate from opening. Nothing is left open or made."""
    from sluis.rules.check import problems

    wrong = [*problems(rules), *_unusable(settings)]
    if wrong:
        raise Stop(wrong[0] + (f", and {len(wrong) - 1} more (sluis rules check)" if wrong[1:] else ""))
    ways = [f"mail from {settings.smtp.listen} to {settings.smtp.upstream}"] if settings.smtp.upstream else []
    ways += [f"readers on {settings.imap.listen} of {settings.imap.upstream}"] if settings.imap.upstream else []
    ways += [f"mail servers on {settings.milter.listen}"] if settings.milter.listen else []
    sys.stdout.write(f"good: {', '.join(ways)}, status on {settings.web.listen}\n")
    sys.stdout.writelines(f"{line}\n" for line in (*_chosen(settings), *_listed(rules)))


def _chosen(settings: "Config") -> Iterator[str]:
    """The table of policies as it will be asked, a line for each row."""
    for row in settings.policies:
        named = (("recipient", row.recipient), ("sender", row.sender), ("list", row.list))
        condition = " and ".join(f"{what} {pattern}" for what, pattern in named if pattern is not None)
        yield f"policy {row.policy} for {condition}{_proof(row, settings)}"
    yield f"policy {settings.policy} for {'all else' if settings.policies else 'all mail'}"


def _listed(rules: "Rules") -> Iterator[str]:
    """The lists that are kept, a line for each."""
    for each in rules.lists:
        yield f"list {each.name}: {each.count} rules"


def _proof(row: "PolicySection", settings: "Config") -> str:
    """On what terms a row holds that rests on what the sender says."""
    if not row.claimed:
        return ""
    section = settings.authentication
    trusted = " or ".join((*section.trust, section.authserv_id) if section.authserv_id else section.trust)
    return f" if {trusted} has proven it, else only to tighten" if trusted else ", only to tighten"


def _unusable(settings: "Config") -> Iterator[str]:
    """Addresses that cannot be listened on (one in use may be in use by us), and a Maildir that cannot be made."""
    import errno
    import os

    from sluis import gates
    from sluis.config import Maildir
    from sluis.edge.port import listen

    if not gates.wanted(settings):
        yield _NO_GATE
    taken: dict[Endpoint, str] = {}
    for key, endpoint in _endpoints(settings):
        try:
            listen(endpoint).close()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                yield _cannot(key, endpoint, error)
        if endpoint.port and taken.setdefault(endpoint, key) != key:
            yield f"{key}: {endpoint} is {taken[endpoint]} too"
    if isinstance(upstream := settings.smtp.upstream, Maildir):
        path = upstream.path.absolute()
        there = next(folder for folder in (path, *path.parents) if folder.exists())
        if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
            yield f"smtp.upstream: {there} is no folder that can be written to"


def _endpoints(settings: "Config") -> "Iterator[tuple[str, Endpoint]]":
    """Where it will listen, by the key that says so."""
    from sluis.gates import wanted

    for edge, endpoint in wanted(settings).items():
        yield f"{edge}.listen", endpoint
    yield "web.listen", settings.web.listen


async def _serve(settings: "Config", rules: "Rules") -> None:
    import asyncio
    import signal
    from contextlib import ExitStack, suppress

    from sluis import log, web

    lines = log.configure(settings.log.level, settings.log.format)
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    renewing: list[asyncio.Task[None]] = []
    with ExitStack() as stack:
        window = stack.enter_context(_listening("web.listen", settings.web.listen))
        house = await _opened(settings, rules, stack)
        lines.counted(house.metrics.log_lines_lost)
        if not sys.stdin.isatty():
            loop.add_signal_handler(signal.SIGHUP, lambda: renewing.append(loop.create_task(house.renew())))
        app = web.app(house.metrics, house.not_ready, _facts(settings, house.endpoints))
        serving = asyncio.create_task(web.serve_on(app, window))
        if sys.stdout.isatty():
            _welcome(settings, house.endpoints, "http://{}:{}/".format(*window.getsockname()[:2]))
        await asyncio.wait([serving, asyncio.create_task(told.wait())], return_when=asyncio.FIRST_COMPLETED)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        await house.close()
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def _opened(settings: "Config", rules: "Rules", stack: "ExitStack") -> House:
    """The gates that have a server behind them. Raises `Stop` if there is none, or one cannot open."""
    import os
    from tempfile import TemporaryDirectory

    from sluis import gates, workers
    from sluis.edge import GateError
    from sluis.metrics import Metrics

    wanted = gates.wanted(settings)
    if not wanted:
        raise Stop(_NO_GATE)
    try:
        if settings.workers == 1:
            return await gates.opened(settings, rules, Metrics(edges=wanted))
        place = _MEMORY if os.access(_MEMORY, os.W_OK) else None
        folder = stack.enter_context(TemporaryDirectory(prefix="sluis-", dir=place, ignore_cleanup_errors=True))
        return await workers.opened(settings, Path(folder))
    except (GateError, OSError) as error:  # the latter where there is no room to count
        raise Stop(str(error)) from error


def _listening(key: str, endpoint: "Endpoint") -> "socket":
    from sluis.edge.port import listen

    try:
        return listen(endpoint)
    except OSError as error:
        raise Stop(_cannot(key, endpoint, error)) from error


def _cannot(key: str, endpoint: "Endpoint", error: OSError) -> str:
    from sluis.edge.port import why

    return f"{key}: cannot listen on {endpoint}: {why(error)}"


def _facts(settings: "Config", endpoints: "Mapping[str, Endpoint]") -> dict[str, str]:
    from sluis import __version__

    facts: dict[str, str] = {}
    if endpoint := endpoints.get("smtp"):
        facts |= {"Mail comes in at": str(endpoint), "goes on to": str(settings.smtp.upstream)}
    if endpoint := endpoints.get("imap"):
        facts |= {"Mail is read at": str(endpoint), "from": str(settings.imap.upstream)}
    if endpoint := endpoints.get("milter"):
        facts["Mail servers ask at"] = str(endpoint)
    return facts | {
        "policy": settings.policy + (", another for some mail" if settings.policies else ""),
        "version": __version__,
    }


def _welcome(settings: "Config", endpoints: "Mapping[str, Endpoint]", page: str) -> None:
    """Tell the person at the terminal what to do next."""
    from sluis.terminal import console

    where = " and ".join(map(str, endpoints.values()))
    lines = [
        "",
        f"Sluis is open on {where} and cleans by the policy {settings.policy}. Close it with Ctrl-C.",
        f"What it counts: {page}",
        "",
    ]
    if endpoint := endpoints.get("smtp"):
        lines += _try_sending(settings, endpoint)
    if endpoint := endpoints.get("imap"):
        lines += [f"Read mail of {settings.imap.upstream} through it: have your mail client use {endpoint}."]
    if endpoint := endpoints.get("milter"):
        lines += [f"Have Postfix ask it about mail that comes in: smtpd_milters = inet:{endpoint}"]
    console().print("\n".join([*lines, ""]), soft_wrap=True)


def _try_sending(settings: "Config", gate: "Endpoint") -> list[str]:
    """How to send a message through the gate and look at what became of it."""
    import json
    import shlex

    from sluis.config import Maildir
    from sluis.demo import READER, SAMPLES, path_of

    name, sender = next(iter(SAMPLES.items()))
    sample = path_of(name)
    domains = settings.smtp.accept_domains
    reader = f"you@{domains[0]}" if domains else READER
    host, mail, where = json.dumps(gate.host), json.dumps([sender, reader]), json.dumps(str(sample))
    python = f'import smtplib; smtplib.SMTP({host}, {gate.port}).sendmail(*{mail}, open({where}, "rb").read())'
    lines = [
        "Send it a tracked newsletter, with either of these in another terminal:",
        f"  swaks --server {gate} --from {sender} --to {reader} --data @{shlex.quote(str(sample))}",
        f"  python3 -c {shlex.quote(python)}",
        "",
    ]
    if isinstance(upstream := settings.smtp.upstream, Maildir):
        new = shlex.quote(str(upstream.path.absolute() / "new"))
        lines += [
            f"The cleaned one then lies in {new}. What was taken out, and what went on:",
            f"  sluis explain {shlex.quote(str(sample))}",
            f'  diff {shlex.quote(str(sample))} "$(ls -td {new}/* | head -n 1)"',
        ]
    else:
        lines += [f"The cleaned one goes on to {upstream}."]
    return lines
