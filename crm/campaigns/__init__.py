"""Proactive calls: who is told what, by whom, when, and what came of it (A-18, B-6, B-7).

`editing` makes a draft and `texts` its words in versions; `dry_run` says what a launch would mean (`trying`: asked for
by a page), `launching` writes its families down, `running` pauses, resumes and stops it. Every minute `planning` makes
tasks of the engine (`crm.dialler`) for as many families as fit into the day (`volume`, `days`), asking anew of each
whether and by whom it may be called (`reach`, `sorting`); `settling` writes what the robot's calls came to. People work
through `worklist`, with the words of `spoken_by_person`; the robot has those of `script`. Whoever was told, or does not
want it, is known to `crm.measures`, and nobody calls about it again, also where the call was planned before that
(`known`); `coverage` counts them.
"""
