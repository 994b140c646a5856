"""Surgery on octets: the output is the input with a list of spans replaced, and nothing else."""

from collections.abc import Sequence

from sluis.report import Edit


def splice(raw: bytes, edits: Sequence[Edit]) -> bytes:
    """`raw` with `edits` made. Raises ValueError unless they lie in order, apart from each other and within `raw`."""
    pieces: list[bytes | memoryview] = []
    octets = memoryview(raw)  # no copy of what stays but the one that comes out
    position = 0
    for edit in edits:
        if not position <= edit.start <= edit.end <= len(raw):
            raise ValueError(f"edit {edit.start}:{edit.end} after {position} of {len(raw)} octets")
        pieces += (octets[position : edit.start], edit.octets)
        position = edit.end
    return b"".join([*pieces, octets[position:]])
