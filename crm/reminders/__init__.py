"""Reminders of appointments (A-19, A-20): which bookings, when, by whom, in which words, and what a key changes.

`planning` turns bookings into tasks of the outbound engine (`crm.dialler`), one per telephone; a booking that changes
withdraws its promise by itself (`crm.dialler.withdrawing`); `answers` what a family's key does to its booking;
`human_list` the same work done by people; `why` says of every family when it is called next, or which rule forbids it.
"""
