"""The wire of the outbound engine (reliability.md §3): who looks, who orders, who finds out what became of it.

``ticker``      a process, any number of copies: every second looks which calls are due and wakes a worker for them
                (``workers.ticker``); sweeps, plans, guards the clock
``jobs``        the RQ job: claims one task and has it ordered; it carries an id, and may be lost or doubled
``sender``      claim, words, rules, commit, one frame to the exchange, what came of it
``reconciler``  asks the exchange about attempts that have gone silent
``words``       follower of what the dialplan says
``switch``      clerk of the red button, and of calls that must end now

Redis carries wake-ups only. What is due stands in the records, so it may lose everything at any moment; while it is
away nobody is called, and the page says so.
"""
