"""What the robot says and asks on the telephone, and what follows from each key (domain.md §9.2, §9.3). Pure.

A dialogue is a generator: it yields a step (`steps`), is sent what was heard, and returns an outcome (`outcome`). It
knows no Asterisk, no clock and no records: whoever runs it (`workers.dialogue`) plays the pieces and does the acts. So
every path of it is a table in a test.

* ``script``       the words of one talk, by the names of their pieces; those of a reminder
* ``talk``         what every dialogue has: who is there, keys 0 and 9, slips, a last word
* ``reminder``     S-3 and S-7: a reminder of one or several bookings of one family
* ``information``  S-5: one message of a campaign
* ``survey``       S-8: a rating from 1 to 10, entered on the keys
"""
