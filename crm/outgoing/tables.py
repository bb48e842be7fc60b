"""The tables of `crm.outgoing`."""
