"""How long messages are, as far as a server has said it in passing: clients list their mail before they open it."""

import re
from collections import OrderedDict

_MOST = 10_000  # messages
_UID = re.compile(rb"[ (]UID ([0-9]{1,10})[ )]", re.IGNORECASE)
_SIZE = re.compile(rb"[ (]RFC822\.SIZE ([0-9]{1,19})[ )]", re.IGNORECASE)


class Sizes:
    """Octets by UID in the selected mailbox. A subject that looks like one misleads it, to no more than a detour."""

    def __init__(self) -> None:
        self._sizes: OrderedDict[int, int] = OrderedDict()

    def hear(self, line: bytes) -> None:
        """Take note of a FETCH response."""
        uid, size = _UID.search(line), _SIZE.search(line)
        if not (uid and size):
            return
        self._sizes[int(uid[1])] = int(size[1])
        if len(self._sizes) > _MOST:
            self._sizes.popitem(last=False)

    def get(self, uid: int) -> int | None:
        """The octets of a message, if they were told."""
        return self._sizes.get(uid)

    def clear(self) -> None:
        """Forget everything."""
        self._sizes.clear()
