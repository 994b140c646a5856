"""`--help` is where a person learns a command: each shows examples, and each example on a line of its own."""

import re

import pytest
from tests.command import sluis


@pytest.mark.parametrize(
    "command", ["", "clean", "explain", "rules", "rules list", "rules check", "rules update", "serve", "demo"]
)
def test_every_command_shows_examples(command: str) -> None:
    ran = sluis(*command.split(), "--help", COLUMNS="80")
    assert (ran.code, ran.errors) == (0, "")
    examples = re.findall(r"^ +((?:SLUIS_\S+ |formail -s )?sluis .*\S) *$", ran.output.decode(), re.MULTILINE)
    assert len(examples) >= 2
    assert all(f"sluis {command}".strip() in example for example in examples if command)


def test_the_version() -> None:
    assert re.fullmatch(rb"sluis \d+\.\d+\.\d+\n", sluis("--version").output)
