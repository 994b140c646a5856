"""Every rule must do what its examples say: match those, miss these."""

from collections.abc import Iterator

from sluis.rules.table import Example, Rules
from sluis.urls.params import strip
from sluis.urls.parse import Url, parse
from sluis.urls.resolve import resolve
from sluis.urls.unwrap import known


def problems(rules: Rules) -> Iterator[str]:
    """One line for each example that fails and each rule that lacks one or names no decoder."""
    for redirector in rules.redirectors.things():
        for step in redirector.steps:
            if not known(step):
                yield f"{redirector.rule}: {step}: no such decoder"
    for rule in dict.fromkeys((example.rule, example.kind) for example in rules.examples):
        own = [example for example in rules.examples if (example.rule, example.kind) == rule]
        if len({example.destination is None for example in own}) < 2:
            yield f"{own[0].place}: {rule[0]}: needs an example that matches and one that does not"
    for example in rules.examples:
        if (found := _outcome(example, rules)) is not None:
            yield f"{example.place}: {example.rule}: {example.url}: {found}"


def _outcome(example: Example, rules: Rules) -> str | None:
    """What is wrong with an example, or None."""
    url = parse(example.url)
    if url is None:
        return "no http or https URL"
    if example.kind in {"open", "click"}:
        index = rules.opens if example.kind == "open" else rules.clicks
        matched = any(hit.rule == example.rule for _, hit in index.find(url))
        return None if matched == (example.destination is not None) else f"matched: {matched}"
    return _stripped(example, url, rules) if example.kind == "parameter" else _unwrapped(example, rules)


def _stripped(example: Example, url: Url, rules: Rules) -> str | None:
    stripped, names = strip(url, rules)
    if example.destination is None:
        gone = any(parameter.rule == example.rule for name in names for parameter in rules.parameter(name))
        return f"loses {', '.join(names)}" if gone else None
    return None if stripped == example.destination else f"becomes {stripped}"


def _unwrapped(example: Example, rules: Rules) -> str | None:
    resolution = resolve(example.url, rules, security=True)
    used = resolution is not None and any(step.rule == example.rule for step in resolution.steps)
    if example.destination is None:
        return "is unwrapped" if used else None
    if resolution is None or not used:
        return "is not unwrapped"
    return None if resolution.destination == example.destination else f"leads to {resolution.destination}"
