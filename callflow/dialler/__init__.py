"""The outbound engine's decisions: may this family be called now, and what follows from how the call went. Pure.

::

    task  ──claim──►  rules.judge(facts, at)  ──go──►  attempt (written, then ordered)  ──►  disposition
      ▲                    │ wait / human / end                                               │
      └────────────────────┴──────────────  retry.after(disposition, …)  ◄────────────────────┘

* ``states``   what a task and an attempt may be, and become
* ``window``   when a telephone may ring: open hours, margins, a family's own hours
* ``rules``    every reason for which a call is not made, in the order in which they are asked
* ``retry``    what follows a disposition: again later, a person, or the end

A *task* is a promise to reach one telephone about something; an *attempt* is one order to the exchange and at most one
INVITE. The records of both are `crm.dialler`, the wire is `workers.dialler` (reliability.md §3).
"""
