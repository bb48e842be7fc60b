"""An appeal from its journal row to the end: what was done (column 6), how it ended (7), corrections, annulment.

`states` the state table of domain.md §6.1, pure; `tables` what is stored; `work`, `closing`, `corrections` the verbs.
The row itself, its drafts and its number stand in `crm.journal`; the score (column 8) in `crm.ratings`.
"""
