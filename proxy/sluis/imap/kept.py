"""What is remembered up to a bound, so that who reads a whole mailbox once does not make others' mail be forgotten.

What was asked for again outlasts what was not, as in a segmented LRU: a client that downloads everything asks for each
message once, and finds room in the last fifth alone.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Values of up to `limit` octets of memory in all, as `size` counts them; the last is kept however big it is."""

    def __init__(self, limit: int, size: Callable[[V], int]) -> None:
        self._limit = limit
        self._size = size
        self._new = _Row[K, V](size)
        self._lasting = _Row[K, V](size)

    def __contains__(self, key: K) -> bool:
        return key in self._new.values or key in self._lasting.values

    def __getitem__(self, key: K) -> V:
        """What is known by `key`, which is not forgotten so soon then. Raises KeyError."""
        row = self._lasting if key in self._lasting.values else self._new
        row.values.move_to_end(key)
        return row.values[key]

    def again(self, key: K) -> V:
        """The same where somebody asks once more than for what it was remembered; what it was worth it will be."""
        if key in self._new.values:
            self._lasting.put(key, self._new.pop(key))
            while self._lasting.octets > self._limit * 4 // 5:
                oldest = next(iter(self._lasting.values))
                self._new.put(oldest, self._lasting.pop(oldest))
        return self[key]

    def put(self, key: K, value: V) -> None:
        """Remember."""
        row = self._lasting if key in self._lasting.values else self._new
        if key in row.values:
            row.pop(key)
        row.put(key, value)
        while self._new.octets + self._lasting.octets > self._limit:
            oldest = next((each for each in (*self._new.oldest, *self._lasting.oldest) if each != key), None)
            if oldest is None:
                return
            (self._new if oldest in self._new.values else self._lasting).pop(oldest)

    def clear(self) -> None:
        """Forget everything."""
        self._new = _Row[K, V](self._size)
        self._lasting = _Row[K, V](self._size)


class _Row(Generic[K, V]):
    """Values, that which was not asked for longest first, and their octets."""

    def __init__(self, size: Callable[[V], int]) -> None:
        self.values: OrderedDict[K, V] = OrderedDict()
        self.octets = 0
        self._size = size

    @property
    def oldest(self) -> list[K]:
        """The first two."""
        return [key for key, _ in zip(self.values, range(2), strict=False)]

    def put(self, key: K, value: V) -> None:
        """Add a value at the end."""
        self.values[key] = value
        self.octets += self._size(value)

    def pop(self, key: K) -> V:
        """Take a value out."""
        value = self.values.pop(key)
        self.octets -= self._size(value)
        return value
