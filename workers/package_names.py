"""Five plain top-level names are ours; another distribution that installs one of them overwrites our files silently.

Installing `web.py` into our virtual environment replaced `web/__init__.py`; uninstalling it deleted the file. So
`family-dispatch up` looks before it starts, and the README asks for an environment of our own.
"""

from importlib.metadata import packages_distributions

OURS = ("callflow", "crm", "telephony", "workers", "web")
DISTRIBUTION = "family-dispatch"


def strangers() -> dict[str, list[str]]:
    """Our package names that other distributions have installed too: name → those distributions."""
    owners = packages_distributions()
    foreign = {name: sorted(set(owners.get(name, ())) - {DISTRIBUTION}) for name in OURS}
    return {name: others for name, others in foreign.items() if others}
