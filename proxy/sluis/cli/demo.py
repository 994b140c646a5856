"""`sluis demo`: the gate at work, before anybody trusts it with mail."""

from pathlib import Path
from typing import Annotated

import typer

from sluis.cli.options import PolicyName, job


def demo(
    maildir: Annotated[
        Path | None,
        typer.Option("--into", metavar="DIR", help="Deliver into this Maildir and leave it there to be looked at."),
    ] = None,
    policy: PolicyName = None,
) -> None:
    """Send bundled mail through a gateway of its own and show it before and after.

    A gateway is opened on a free port; a newsletter, an order and a personal mail go in over SMTP, and come out of the
    Maildir behind it. What was found, which lines differ, and what was counted is shown. Nothing leaves the machine.

        sluis demo
        sluis demo --into ./demo
    """
    import asyncio
    from tempfile import TemporaryDirectory

    from sluis import log
    from sluis.demo import counts, passages, show
    from sluis.terminal import console

    todo = job(policy, None, None)
    log.configure("warning")
    screen = console()
    with TemporaryDirectory(prefix="sluis-demo-") as temporary:
        seen = asyncio.run(passages(maildir or Path(temporary), todo.choice.default, todo.rules))
    for passage in seen:
        show(passage, screen)
    screen.print(counts(seen))
    if maildir:
        screen.print(f"The messages lie in {maildir.absolute() / 'new'}.", soft_wrap=True)
