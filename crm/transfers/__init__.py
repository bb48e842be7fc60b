"""Transfers and who took part in a call."""
