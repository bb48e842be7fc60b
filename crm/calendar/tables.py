"""The tables of `crm.calendar`."""
