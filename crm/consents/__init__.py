"""Consents and the subject's rights (152-ФЗ art. 6, 9, 10, 14, 20, 21; domain.md §4).

`tables` what is stored; `giving` asked, given, refused, withdrawn; `rules` what each consent unlocks; `texts` the
versions of what people agreed to; `subject` everything held on a person, and its destruction with the act.
"""
