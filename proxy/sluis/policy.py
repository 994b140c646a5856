"""What may be done to a message: the operator's choice, as one frozen value per named policy.

A policy says what to edit, never how to find it: detection runs the same under all of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Policy:
    """One row of the policy table, and the switches an operator may add to it.

    `edit`: False only reports. `blank_images`: remote images that are no trackers lose their source too.
    `shared_styles`: web fonts and style sheets of a known shared host stay. `cut_recipients`: parameters that name the
    recipient go from redirects that cannot be decoded. `security_links`: unwrap SafeLinks, urldefense and their like.
    `rebuild`: write the HTML anew from an allow-list, where no length has to be kept.
    `attached`: clean the HTML of attached messages (message/rfc822) too, not only of those shown in line. `fit`: every
    part keeps its octet and line count.
    """

    name: str
    edit: bool = True
    blank_images: bool = False
    shared_styles: bool = True
    cut_recipients: bool = False
    security_links: bool = False
    rebuild: bool = False
    attached: bool = False
    fit: bool = False


# From the weakest to the strictest.
POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        policy.name: policy
        for policy in (
            Policy("audit", edit=False),
            Policy("balanced"),
            Policy("strict", blank_images=True, shared_styles=False, cut_recipients=True),
            Policy("simple", blank_images=True, shared_styles=False, cut_recipients=True, rebuild=True),
        )
    }
)
_RANK = {name: rank for rank, name in enumerate(POLICIES)}


def strictest(policies: Iterable[Policy]) -> Policy:
    """The strictest of `policies`, of which there is at least one, by the order of the table."""
    return max(policies, key=lambda policy: _RANK[policy.name])
