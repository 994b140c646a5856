"""What all sessions of mail servers share: how messages are cleaned, and the operator's limits."""

from dataclasses import dataclass, field

from sluis.config import MilterSection
from sluis.edge.admission import Admission
from sluis.edge.cleaning import Cleaner, Failing
from sluis.edge.guests import Guests
from sluis.edge.memory import Memory
from sluis.metrics import Metrics

EDGE = "milter"


@dataclass(frozen=True, slots=True)
class Service:
    """One gate's means."""

    milter: MilterSection
    cleaner: Cleaner
    failing: Failing
    metrics: Metrics
    admission: Admission
    memory: Memory
    guests: Guests = field(default_factory=Guests)
