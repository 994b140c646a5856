"""Detectors at work on a fragment of HTML, with the rules that are shipped."""

from collections.abc import Callable

import pytest

from sluis.detect.identity import identity
from sluis.detect.page import Page
from sluis.detect.proposal import Proposal
from sluis.policy import POLICIES, Policy
from sluis.rules.load import load
from sluis.rules.table import Rules
from sluis.scan.budget import Budget

MakePage = Callable[..., Page]


@pytest.fixture(scope="session")
def rules() -> Rules:
    return load()


@pytest.fixture
def page(rules: Rules) -> MakePage:
    def make(html: str, policy: Policy | str = "balanced", recipients: tuple[str, ...] = ()) -> Page:
        chosen = POLICIES[policy] if isinstance(policy, str) else policy
        return Page(html, rules, chosen, Budget(len(html)), identity(recipients))

    return make


def edited(text: str, found: list[Proposal] | tuple[Proposal, ...]) -> str:
    """`text` with the cuts of `found` made, each once."""
    for cut in sorted({each.cut for each in found if each.cut.replacement is not None}, reverse=True):
        text = text[: cut.start] + (cut.replacement or "") + text[cut.end :]
    return text
