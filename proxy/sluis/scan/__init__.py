"""Text to things with offsets: tags and attributes, references in style sheets.

The scan is independent of parser state: it reports a superset of what any HTML or CSS parser could see, in whatever
state that parser is, and decides nothing. It knows neither messages nor trackers.
"""
