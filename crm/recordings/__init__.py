"""Recordings of talks and listening in: both off until the director turns them on by an order (domain.md §3.4, §4).

`settings` says whether a service records and under which order; `following` hears what the dialplan says of a talk,
`refusing` is the operator's button; `filing` takes the finished files in, `keeping` deletes them when their time is
over; `access` and `listening` decide who hears them and write it down; `reading` is what the pages show.
`monitor_rule`, `monitoring` and `watching` are the same for the head who listens to a live talk.
"""
