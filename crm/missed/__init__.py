"""The ledger of missed calls: whoever did not get through is called back (domain.md §6.2; anchors.md idea 10).

A row is a duty: «this family is to be called back by then». It holds every missed call of the same family (of the same
number where it is nobody's or several families', of the one call where the number is hidden or doubtful), keeps the
place in line of the first of them, and is closed by a talk in either direction or by a reason that somebody gives.

* `rules` decides, purely: whose call it is, why it was missed, what a set of calls and talks leaves open.
* `opening` and `closing` are told by `crm.call_recording` of every call's end and of every talk's beginning.
* `claiming` says who is calling back now; `attempts` what came of it; `promising` when it was promised.
* `reading` shows; `clock` keeps the deadlines in working minutes; `handing_over` is the end of a shift.
"""
