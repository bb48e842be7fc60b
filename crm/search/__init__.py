"""Searching as people ask on a telephone: any part of a name, in any order, at a million families, on both engines.

`tables` the index: every word once, and which cards and journal rows hold it; `index` keeps it in step with the
records, in their transaction; `families` and `journal` ask it. See libraries.md §5 for why neither engine's own text
search does.
"""
