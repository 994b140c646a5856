"""A real OpenDKIM: a milter that checks signatures, or makes them, beside ours."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.integration.process import Server, folder, program


@contextmanager
def opendkim(port: int, settings: Mapping[str, str], key: bytes = b"", dns: str = "") -> Iterator[None]:
    """A running one that listens at `port`. Its `settings` may name the files `{home}/key` and `{home}/dns`."""
    command = program("opendkim")
    with folder("opendkim") as home:
        (home / "key").write_bytes(key)
        (home / "key").chmod(0o600)
        (home / "dns").write_text(dns)
        fixed = {"Socket": f"inet:{port}@127.0.0.1", "Background": "no", "Syslog": "no", "RequireSafeKeys": "no"}
        lines = (f"{name} {value.format(home=home)}\n" for name, value in (fixed | dict(settings)).items())
        (home / "conf").write_text("".join(lines))
        server = Server([command, "-f", "-x", f"{home}/conf"], home / "log")
        server.start(port)
        try:
            yield
        finally:
            server.stop()
