"""The tables of `crm.missed`."""
