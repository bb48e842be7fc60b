"""Timetables, slots, appointments, the waiting list."""
