"""The tables of `crm.transfers`."""
