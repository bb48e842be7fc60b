"""The tables of `crm.lines`."""
