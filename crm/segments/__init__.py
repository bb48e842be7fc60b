"""Which families a thing is for: conditions in plain words on the registry, counted, saved and explained (A-18).

`kinds` the rows of the form and their fields; `conditions` what was typed, as data and as one sentence; `lists` what
can be chosen; `facts` what of the people is written on the card for one quick pass; `query` the question to the
database; `reasons` why a family is in; `saved` segments with a name. On the pages a segment is «группа семей».
"""
