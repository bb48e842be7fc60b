"""Consents and the subject's rights (152-ФЗ art. 6, 9, 10, 14, 20, 21; domain.md §4).

`tables` what is stored; `texts` the versions of what people agreed to (`first_texts` seeds them); `giving` asked,
given, refused, withdrawn; `rules` what each consent unlocks, asked everywhere. `requests` and `deadlines`: what people
ask about their data, and by when. `holdings` and `held_tables` say for each table whose rows they are and what stays of
them; by that `subject` gathers everything on a person, and `destruction` (`destruction_plan`, `acts`) destroys it.
"""
