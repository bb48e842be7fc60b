"""The plan and the templates of `asterisk-config/`, made into the text of every configuration file.

Pure but for reading the templates. Values are checked first; a name that a template misspells stops it
(StrictUndefined).
"""

import hashlib
import hmac
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from callflow.greetings import PLACES
from callflow.phone import PAID_PREFIXES, SYNTHETIC_PREFIXES
from telephony import variables
from telephony.config import dialling
from telephony.config.check import check
from telephony.config.hours import SECONDS_OF_DAY
from telephony.config.modules import MODULES
from telephony.config.plan import BROWSER_REALM, ExchangePlan

_IN_CHECKOUT: Final = Path(__file__).resolve().parents[2] / "asterisk-config"
_IN_WHEEL: Final = Path(sys.prefix) / "share/family-dispatch/asterisk-config"
_FILTERS_BY_NAME_SINCE: Final = {18: 26, 20: 11, 21: 6, 22: 1}
"""Minor version of each branch from which manager.conf knows `eventfilter(name(…))`; others get regular expressions."""


def template_folder() -> Path:
    """Where the templates lie: in the checkout, or where the wheel has put them."""
    return _IN_CHECKOUT if _IN_CHECKOUT.is_dir() else _IN_WHEEL


def render(plan: ExchangePlan) -> Mapping[str, str]:
    """File name → content. Raises UnsafeConfigValue before any text is made."""
    check(plan)
    environment = _environment(template_folder())
    names = sorted(name for name in environment.list_templates() if name.endswith(".conf.j2"))
    if plan.town_bind is None:
        names.remove("sd-town.conf.j2")
    values = _values(plan)
    return {name.removesuffix(".j2"): environment.get_template(name).render(values) for name in names}


@cache
def _environment(folder: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - not HTML; `check` is what guards these files
    )


def _values(plan: ExchangePlan) -> dict[str, object]:
    trunk = plan.trunk
    return {
        "plan": plan,
        "names": variables,
        "modules": MODULES,
        "realm": BROWSER_REALM,
        "reachable": {person.extension for person in plan.staff if person.has_phone},
        "music_classes": sorted({"default", *(queue.music for queue in plan.queues)}),
        "voices": {voice.queue: voice for voice in plan.voices},
        "service_queues": sorted({line.service or line.queue for line in plan.lines}),
        "services": {line.queue: line.service or line.queue for line in plan.lines},
        "trunk_peers": (plan.town_bind.host,) if plan.town_bind else trunk.peers if trunk else (),
        "trunk_contact": plan.town_bind or (trunk.contact if trunk else None),
        "filters_by_name": _filters_by_name(plan.asterisk_version),
        "seconds_of_day": SECONDS_OF_DAY,
        "places": PLACES,
        "paid_prefixes": PAID_PREFIXES,
        "synthetic_prefixes": SYNTHETIC_PREFIXES,
        "dialling": dialling,
        "lock": lambda extension: _lock(plan, extension),
    }


def _lock(plan: ExchangePlan, extension: str) -> str:
    """An HA1 that nobody can know, for a browser phone without a secret: an HA1 is as good as the password itself."""
    return hmac.new(plan.ami_secret.encode(), f"locked:{extension}".encode(), hashlib.sha256).hexdigest()[:32]


def _filters_by_name(version: str) -> bool:
    major, minor = (*(int(part) for part in version.split(".")), 0)[:2]
    return major > max(_FILTERS_BY_NAME_SINCE) or minor >= _FILTERS_BY_NAME_SINCE.get(major, sys.maxsize)
