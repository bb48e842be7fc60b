"""The outbound engine among real parts that break (reliability.md §3, F38): `python -m tests.chaos --seeds 200`.

Real Asterisk, Valkey, SQLite or PostgreSQL, our processes as they are shipped, a telephone network that writes down
every call; fifty families are due to the robot, for their bookings, for a campaign and for a rating, others are called
by people at real desk phones, from the lists and back, and a seed decides what breaks when. Then everything heals, and
the invariants of the state machine (`tests.support.dialler.invariants`) judge what the network saw and what the records
say.

``inside``   what runs in our processes: the calling hours of the run, named points to die at, a quick voice
``parts``    the processes, the exchange, the databases: start, kill, stop, heal
``people``   who is called about what, and what their telephones do
``desks``    people who call
``faults``   everything that breaks, and the order that a seed gives it
``judging``  the run as the invariants want it
"""
