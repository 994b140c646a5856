"""What is wanted of Sluis beside its peers, and whether a run has shown it: a line each, which the page ends with."""

from dataclasses import dataclass
from typing import Literal

MARK = "wanted: "


@dataclass(frozen=True, slots=True)
class Target:
    """A figure called `name` that is to be `at most` or `at least` `limit`."""

    name: str
    bound: Literal["at most", "at least"]
    limit: float
    unit: str = ""

    def met(self, measured: float) -> bool:
        """Whether `measured` is within the bound."""
        return measured <= self.limit if self.bound == "at most" else measured >= self.limit

    def line(self, measured: float | None) -> str:
        """Both side by side; None where it was not measured, as with a peer that is not there."""
        found = "not measured" if measured is None else f"{measured:.2f}{self.unit}"
        verdict = "" if measured is None else "met" if self.met(measured) else "MISSED"
        return f"{MARK}{self.name:64} {self.bound} {f'{self.limit:g}{self.unit}':>7} {found:>14} {verdict}".rstrip()
