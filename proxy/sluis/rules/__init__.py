"""What is known of trackers, as data: loaded from YAML once, checked by its own examples, asked by URL.

Only `load` reads files. Everything else is values and pure functions of a `Url`.
"""
