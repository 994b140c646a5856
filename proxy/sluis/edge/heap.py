"""What a big message took goes back to the system with the message, and not only when the process ends."""

import ctypes

_MMAP_THRESHOLD = -3  # M_MMAP_THRESHOLD, mallopt(3)
_BIG = 4_194_304  # octets of a block


def give_back() -> None:
    """Have each block over 4 MB be one of the system's own, which ends when it is freed.

    glibc does so until the first such block is freed. From then on it takes them from its heap, which shrinks from the
    end only: a gate that 30 MB went through held 140 MB for good. Other libraries (musl) always do.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(_MMAP_THRESHOLD, _BIG)
