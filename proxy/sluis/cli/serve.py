"""`sluis serve`: the gate and its window, open until a signal says otherwise."""

import gc
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from sluis.cli.options import Stop, load_config, load_rules

if TYPE_CHECKING:
    from socket import socket

    from sluis.config import Config, Endpoint, PolicySection
    from sluis.metrics import Metrics
    from sluis.rules.table import Rules

    Run = Callable[[Config, Rules, Metrics], Awaitable["Gate"]]

_NO_GATE = "smtp.upstream: is null and so are imap.upstream and milter.listen, so there is no gate to open"


class Gate(Protocol):
    """An open gate, for mail that comes in, mail that is read, or mail that a server shows."""

    endpoint: "Endpoint"

    def not_ready(self) -> str | None:
        """Why it is of no use just now, in a few words; None if it is."""

    def renew(self, rules: "Rules") -> None:
        """Go by `rules` from the next message on, and show the certificate as it is in its file now."""

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
    certificate anew and drops no session; at a terminal it closes, as the terminal is gone.

    Exit code 0: closed, or checked and good; 2: it cannot open, and one line says why.
    """
    import asyncio

    settings = load_config(config)
    rules = load_rules(settings.rules, settings.kept)
    if check:
        _check(settings, rules)
    else:
        asyncio.run(_serve(settings, rules))


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

    from sluis.config import Maildir
    from sluis.web import listen

    if not _edges(settings):
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
    if settings.smtp.upstream:
        yield "smtp.listen", settings.smtp.listen
    if settings.imap.upstream:
        yield "imap.listen", settings.imap.listen
    if settings.milter.listen:
        yield "milter.listen", settings.milter.listen
    yield "web.listen", settings.web.listen


async def _serve(settings: "Config", rules: "Rules") -> None:
    import asyncio
    import signal
    from contextlib import suppress

    from sluis import log, web
    from sluis.metrics import Metrics

    log.configure(settings.log.level, settings.log.format)
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    metrics = Metrics(edges=_edges(settings))
    renewing: list[asyncio.Task[None]] = []
    with _window(settings.web.listen) as window:
        gates = await _opened(settings, rules, metrics)
        _keep()
        if not sys.stdin.isatty():
            loop.add_signal_handler(signal.SIGHUP, lambda: renewing.append(loop.create_task(_renew(gates, settings))))
        app = web.app(metrics, lambda: _not_ready(gates.values()), _facts(settings, gates))
        serving = asyncio.create_task(web.serve_on(app, window))
        if sys.stdout.isatty():
            _welcome(settings, gates, "http://{}:{}/".format(*window.getsockname()[:2]))
        await asyncio.wait([serving, asyncio.create_task(told.wait())], return_when=asyncio.FIRST_COMPLETED)
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        await asyncio.gather(*(gate.close() for gate in gates.values()))
        serving.cancel()
        with suppress(asyncio.CancelledError):
            await serving


async def _renew(gates: "Mapping[str, Gate]", settings: "Config") -> None:
    """Read anew what may change under way; what cannot be read leaves all as it is."""
    import asyncio

    import structlog

    from sluis.edge import GateError

    log = structlog.get_logger()
    try:
        rules = await asyncio.to_thread(load_rules, settings.rules, settings.kept)
        for gate in gates.values():
            gate.renew(rules)
        _keep()
    except (Stop, GateError, OSError) as error:
        log.error("nothing was renewed", reason=str(error))
    else:
        log.info("rules and certificate were read anew")


def _keep() -> None:
    """Have no collection look through the rules, which are for good: a full one took some 30 ms, and mail waited."""
    gc.collect()
    gc.freeze()


async def _opened(settings: "Config", rules: "Rules", metrics: "Metrics") -> "dict[str, Gate]":
    """The gates that are wanted, by their edge. Raises `Stop` if there is none, or one cannot open."""
    from sluis import imap, milter, smtp
    from sluis.edge import GateError

    gates: dict[str, Gate] = {}
    run: dict[str, Run] = {"smtp": smtp.run, "imap": imap.run, "milter": milter.run}
    try:
        for edge in _edges(settings):
            gates[edge] = await run[edge](settings, rules, metrics)
    except GateError as error:
        for gate in gates.values():
            await gate.close()
        raise Stop(str(error)) from error
    if not gates:
        raise Stop(_NO_GATE)
    return gates


def _edges(settings: "Config") -> tuple[str, ...]:
    """Which gates are wanted."""
    wanted = {"smtp": settings.smtp.upstream, "imap": settings.imap.upstream, "milter": settings.milter.listen}
    return tuple(edge for edge, why in wanted.items() if why)


def _not_ready(gates: "Iterable[Gate]") -> str | None:
    return next((reason for gate in gates if (reason := gate.not_ready())), None)


def _window(endpoint: "Endpoint") -> "socket":
    from sluis.web import listen

    try:
        return listen(endpoint)
    except OSError as error:
        raise Stop(_cannot("web.listen", endpoint, error)) from error


def _cannot(key: str, endpoint: "Endpoint", error: OSError) -> str:
    import os

    # A name that does not resolve has a number of its own kind, below zero, and says it well itself.
    reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
    return f"{key}: cannot listen on {endpoint}: {reason}"


def _facts(settings: "Config", gates: "Mapping[str, Gate]") -> dict[str, str]:
    from sluis import __version__

    facts: dict[str, str] = {}
    if gate := gates.get("smtp"):
        facts |= {"Mail comes in at": str(gate.endpoint), "goes on to": str(settings.smtp.upstream)}
    if gate := gates.get("imap"):
        facts |= {"Mail is read at": str(gate.endpoint), "from": str(settings.imap.upstream)}
    if gate := gates.get("milter"):
        facts["Mail servers ask at"] = str(gate.endpoint)
    return facts | {
        "policy": settings.policy + (", another for some mail" if settings.policies else ""),
        "version": __version__,
    }


def _welcome(settings: "Config", gates: "Mapping[str, Gate]", page: str) -> None:
    """Tell the person at the terminal what to do next."""
    from sluis.terminal import console

    where = " and ".join(str(gate.endpoint) for gate in gates.values())
    lines = [
        "",
        f"Sluis is open on {where} and cleans by the policy {settings.policy}. Close it with Ctrl-C.",
        f"What it counts: {page}",
        "",
    ]
    if gate := gates.get("smtp"):
        lines += _try_sending(settings, gate.endpoint)
    if gate := gates.get("imap"):
        lines += [f"Read mail of {settings.imap.upstream} through it: have your mail client use {gate.endpoint}."]
    if gate := gates.get("milter"):
        lines += [f"Have Postfix ask it about mail that comes in: smtpd_milters = inet:{gate.endpoint}"]
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
