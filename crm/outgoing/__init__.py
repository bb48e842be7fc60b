"""Calls that an operator makes."""
