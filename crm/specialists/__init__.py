"""Specialists and what a talk ends with: who advises on what and is there now, absences with substitutes, the
consultation record, dispositions of calls (A-9, A-24, A-29; issue 4, items 4 and 9).

`tables` are the tables, `absences` who is away and who stands in, `presence_words` (pure) what is said of a specialist,
`reading` gathers it for the screens; `consultations` and `dispositions` are the two records of a talk's end.
"""
