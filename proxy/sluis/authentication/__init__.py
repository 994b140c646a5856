"""Who sent a message, judged here: SPF, DKIM and DMARC on the octets that the client sent, before anything is edited.

    judge ─▶ spf, dkim, arc ─▶ dmarc ─▶ verdict        what is found, and the values it is told in
      │         └▶ tags, canonical, key                the grammar, the hashing and the keys of signatures
      └▶ resolver, results                             DNS; the Authentication-Results field

Everything but `judge` and `resolver` is pure. What a mechanism wants from DNS it names (`question.Wanting`), and is
asked again when the answer is there; so no thread waits for anybody's name server, and a test's DNS is a dictionary.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sluis.authentication.judge import Judge
    from sluis.config import AuthenticationSection
    from sluis.metrics import Metrics


def judge_for(section: "AuthenticationSection", metrics: "Metrics", edge: str) -> "Judge | None":
    """The judge for a gate; None where the section names no authserv-id. Raises GateError.

    Only one that does needs the extra `auth`, and its libraries are not loaded before.
    """
    if section.authserv_id is None:
        return None
    from sluis.authentication.opening import opened  # noqa: PLC0415

    return opened(section, section.authserv_id, metrics, edge)
