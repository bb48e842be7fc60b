"""The invented town of domain.md §10: staff, families, directory, and how its telephones behave."""

from crm.demo.load import load
from crm.demo.logins import DemoLogin, logins
from crm.demo.town import TOWN, behaviour_of, town_behaviours

__all__ = ["TOWN", "DemoLogin", "behaviour_of", "load", "logins", "town_behaviours"]
