"""The tables of `crm.recordings`."""
