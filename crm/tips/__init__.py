"""«Информация от третьего лица»: somebody else told us of a family in need, and the family is reached at once (B-32,
B-33, domain.md §6.3, S-6; anchors.md idea 15).

A tip is a duty with a clock that runs in open time and stops only when somebody has talked with an adult of the family.
It has a row in the journal from its first minute; the talk opens the usual flow in that same row. Who told us is kept
apart (`TipInformant`) and shown only to whoever took the tip, the head and the director, every time with an entry in
the audit log: never to the family, on papers, in exports, notices or searches.

* `rules` decides, purely: what is to be done next and by when.
* `told` is the form, `opening` takes a tip down; a second one on the same family joins the open one (`joining`),
  `cards` ties it to a card.
* `calling` and `attempts` try, `next_steps` goes on where nobody answers (letter, visit), `duties` says which bodies
  were told of a danger, `head` what the head was told, `talking` ends it.
* `clock` keeps the deadlines, `escalating` looks after what nobody did.
* `reading` and `informants` show, `script` is S-6.
"""
