"""Octets and structure: where the parts of a message lie, and how to change one without touching the rest.

No HTML here: this package knows MIME, transfer encodings and charsets, and hands out spans and texts.
"""
