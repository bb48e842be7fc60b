"""The tables of `crm.appointments`."""
