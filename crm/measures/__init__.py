"""Measures of support, and which family was told of which (A-18, B-6; domain.md §9.2 S-5).

`tables` what is stored; `catalogue` what the head keeps and everybody reads; `topics` the words that keep a family from
being told twice; `telling` who was told of what, how, and what it answered.
"""
