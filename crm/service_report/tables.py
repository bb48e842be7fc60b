"""The tables of `crm.service_report`."""
