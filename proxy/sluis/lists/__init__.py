"""Other people's lists brought here and kept: fetched, checked, and only then put in the place of the last good one.

The one part of Sluis that asks anybody on the network for anything but mail, and it runs only when it is told to.
"""
