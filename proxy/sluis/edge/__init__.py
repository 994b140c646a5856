"""What the gates have in common, whichever protocol they speak: whom they let in, how they clean, what they show."""

from sluis.edge.opening import GateError

__all__ = ["GateError"]
