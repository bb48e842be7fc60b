"""Calls that an operator makes (click-to-call): a person at the telephone calls, the program only dials.

`target` says whom a click means and what must be known first, `asking` writes the order, `orders` is for the clerk who
carries it out (`workers.outgoing`), `following` hears from the dialplan what became of it, `reading` is for the pages.
From its row on, a call of ours is a `CallRecord` like any other: workplace, journal and wrap-up follow by themselves.
"""
