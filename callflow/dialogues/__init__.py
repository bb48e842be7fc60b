"""What the robot says and asks on the telephone, and what follows from each key (domain.md §9.2, §9.3). Pure.

A dialogue is a generator: it yields a step (`steps`), is sent what was heard, and returns an outcome (`outcome`). It
knows no Asterisk, no clock and no records: whoever runs it (`workers.dialogue`) plays the pieces and does the acts. So
every path of it is a table in a test.

* ``script``    the words of one talk, by the names of their pieces, and the bookings that it is about
* ``reminder``  S-3 and S-7: a reminder of one or several bookings of one family
"""
