"""Sluis, a lock gate for mail: what goes through it comes out without its trackers.

The package knows three layers, and arrows point one way only: `message`, `scan`, `urls` and `rules` are read by
`detect`, which is read by `clean`, the whole job as one pure function; the edges (`smtp`, `web`, `cli`) call `clean`.
"""

from importlib.metadata import version

__version__ = version("sluis")
