"""The tables of `crm.specialists`."""
