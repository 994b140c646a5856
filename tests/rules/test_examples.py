"""What is shipped: every rule does what its examples say, and there are as many as promised."""

import pytest

from sluis.rules.check import problems
from sluis.rules.load import load

RULES = load()


def test_every_example_holds() -> None:
    assert list(problems(RULES)) == []


@pytest.mark.parametrize(("kind", "least"), [("open", 200), ("click", 100), ("redirector", 40), ("parameter", 200)])
def test_there_are_many_rules(kind: str, least: int) -> None:
    assert len({example.rule for example in RULES.examples if example.kind == kind}) >= least


def test_every_redirector_is_loaded_with_a_place_to_take_from() -> None:
    places = {"path", "query", "rest", "fragment", "whole-query"}
    assert {redirector.take.partition(".")[0] for redirector in RULES.redirectors.things()} <= places


def test_what_must_not_match_does_not_match_any_rule_of_its_kind_by_accident() -> None:
    """A picture on a vendor's host is no beacon, whichever vendor's rule one asks."""
    from sluis.urls.parse import parse

    for address in (
        "https://u1.ct.sendgrid.net/logo.png",
        "https://mcusercontent.com/a/images/b.jpg",
        "https://shop.example/",
    ):
        url = parse(address)
        assert url is not None
        assert (RULES.open(url), RULES.click(url)) == (None, None)
