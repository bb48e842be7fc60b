"""The ledger of missed calls."""
