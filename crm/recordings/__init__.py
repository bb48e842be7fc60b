"""Recordings of talks, listening in."""
