"""Linear time as a counted quantity.

Reading every `<letter` as a tag makes tags overlap, and overlapping tags of a hostile text could cost the square of
its length. So each scan pays for the characters it walks; honest mail walks each about once or twice. A text that
asks for more is not cleaned half: `Overrun` ends the job, and the caller passes the original on.
"""

WALKS = 48  # how often each character may be walked, on average, before a text counts as hostile
ALLOWANCE = 262_144  # characters on top, so that short texts are never near the edge


class Overrun(Exception):  # noqa: N818 - it is an end of work, not an error of the caller
    """The text would take more than linear work to scan."""


class Budget:
    """Characters a scan of a text of `length` characters may walk. Raises `Overrun` when they are spent."""

    __slots__ = ("left",)

    def __init__(self, length: int) -> None:
        self.left = WALKS * length + ALLOWANCE

    def spend(self, characters: int) -> None:
        """Pay for `characters` walked."""
        self.left -= characters
        if self.left < 0:
            raise Overrun("scan")
