"""Consents and the subject's rights (152-ФЗ art. 6, 9, 10, 14, 20, 21; domain.md §4).

`tables` what is stored; `texts` the versions of what people agreed to (`first_texts` seeds them); `giving` asked,
given, refused, withdrawn (`by_key`: by a key in a call of the robot); `rules` what each consent unlocks, asked
everywhere. `requests` and `deadlines`: what people ask about their data, and by when. Each package's `held.py` says for
its tables whose rows they are and what stays of them (`holdings` the form of such a declaration, `grounds` what it
cites, `held_tables` all of them); by that `subject` gathers everything on a person, and `destruction`
(`destruction_plan`, `acts`) destroys it.
"""
