"""The plan becomes files; what would change a file's meaning is refused before."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from telephony import variables
from telephony.config.check import UnsafeConfigValue
from telephony.config.files import needs_restart, reload_commands, write
from telephony.config.modules import MODULES
from telephony.config.plan import (
    Address,
    ExchangePlan,
    LinePlan,
    Member,
    OperatorPlan,
    QueuePlan,
    SpecialistPlan,
    TownPartyPlan,
    TrunkPlan,
    browser_ha1,
)
from telephony.config.render import render

SECRET = "a-secret-of-the-tests"


def make_plan(**changes: Any) -> ExchangePlan:
    folder = Path("/srv/dispatch")
    values: dict[str, Any] = {
        "config_dir": folder / "etc",
        "run_dir": folder / "run",
        "log_dir": folder / "log",
        "spool_dir": folder / "spool",
        "state_dir": folder / "state",
        "data_dir": Path("/usr/share/asterisk"),
        "modules_dir": Path("/usr/lib/asterisk/modules"),
        "ami": Address(host="127.0.0.1", port=5038),
        "ami_secret": SECRET,
        "agi": Address(host="127.0.0.1", port=4573),
        "agi_token": SECRET,
        "websocket": Address(host="127.0.0.1", port=8088),
        "staff": (
            OperatorPlan(extension="101", display_name="Лаврова Н. А.", desk_secret=SECRET),
            SpecialistPlan(extension="201", display_name="Смирнова О. П."),
        ),
        "queues": (QueuePlan(name="family", members=(Member(extension="101"),)),),
        "lines": (LinePlan(did="+74924800100", queue="family", title="Семейная диспетчерская"),),
        "town": (TownPartyPlan(number="+79070000101", behaviour="presses:1"),),
    }
    return ExchangePlan(**{**values, **changes})


def section(text: str, name: str) -> str:
    return text.split(f"[{name}]", 1)[1].split("\n[", 1)[0]


def test_every_context_that_python_names_is_in_the_dialplan() -> None:
    dialplan = "".join(text for name, text in render(make_plan()).items() if name.startswith("sd-"))
    contexts = set(re.findall(r"^\[([^]]+)]", dialplan, re.M))
    named = {variables.FROM_TRUNK, variables.FROM_INTERNAL, variables.SD_AGI, variables.SD_OPERATOR}
    assert named | {variables.SD_RETURN, variables.SD_RESCUE, variables.TOWN, variables.TOWN_OUT} <= contexts


@pytest.mark.parametrize(
    "name",
    ["SD_FROM", "SD_PAI", "SD_DID", "SD_CALL", "SD_CHAN", "SD_SERVICE", "SD_EXTENSION", "SD_OK", "RETURNING_EVENT"],
)
def test_every_variable_that_python_names_is_in_the_dialplan(name: str) -> None:
    files = render(make_plan())
    assert getattr(variables, name) in files["sd-inbound.conf"] + files["sd-operators.conf"]


def test_the_dialplan_has_no_pattern_and_no_failed_extension() -> None:
    dialplan = "".join(text for name, text in render(make_plan()).items() if name.startswith("sd-"))
    extensions = re.findall(r"^exten => ([^,]+),", dialplan, re.M)
    assert "+74924800100" in extensions
    assert not [extension for extension in extensions if extension.startswith("_")]
    assert "failed" not in extensions


def test_dangerous_modules_are_not_loaded() -> None:
    loaded = set(re.findall(r"^load = (\w+)\.so", render(make_plan())["modules.conf"], re.M))
    assert loaded == set(MODULES)
    assert not loaded & {
        "func_env",
        "func_shell",
        "app_system",
        "app_originate",
        "func_curl",
        "func_realtime",
        "pbx_spool",
    }


def test_the_ami_user_has_least_rights_on_loopback() -> None:
    manager = render(make_plan())["manager.conf"]
    account = section(manager, "dispatch")
    assert "write = originate,call,reporting,agent\n" in account
    assert "deny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.1/255.255.255.255" in account
    assert "bindaddr = 127.0.0.1" in manager
    assert {f"eventfilter(name({event})) =" for event in variables.AMI_EVENTS} <= set(account.splitlines())


def test_an_older_asterisk_gets_filters_it_understands() -> None:
    manager = render(make_plan(asterisk_version="20.6.0"))["manager.conf"]
    assert "eventfilter(" not in manager
    assert re.search(r"eventfilter = Event: \(.*Hangup.*\)\[\[:space:]]", manager)


def test_a_browser_phone_without_a_secret_gets_one_nobody_knows() -> None:
    first = render(make_plan())["pjsip_browser_auth.conf"]
    second = render(make_plan(ami_secret="another-secret-of-tests"))["pjsip_browser_auth.conf"]
    locks = re.findall(r"md5_cred = ([0-9a-f]{32})", first)
    assert len(set(locks)) == 2
    assert not set(locks) & set(re.findall(r"md5_cred = (\w+)", second))


def test_a_new_browser_secret_changes_one_file() -> None:
    plan = make_plan()
    person = dataclasses.replace(plan.staff[0], browser_ha1=browser_ha1("101", "handed to the page"))
    changed = render(dataclasses.replace(plan, staff=(person, *plan.staff[1:])))
    assert [name for name, text in render(plan).items() if changed[name] != text] == ["pjsip_browser_auth.conf"]


def test_ha1_is_as_in_rfc_2617() -> None:
    # printf '101-web:family-dispatch:secret' | md5sum
    assert browser_ha1("101", "secret") == "b79433cdd2637a33242a2f129790427d"


def test_live_mode_has_no_town_and_demo_mode_no_trunk() -> None:
    live = render(make_plan(town_bind=None, town=(), trunk=TrunkPlan(peers=("192.0.2.0/24",))))
    assert "sd-town.conf" not in live
    assert "town" not in live["extensions.conf"]
    assert "match = 192.0.2.0/24" in live["pjsip.conf"]
    with pytest.raises(UnsafeConfigValue, match="trunk"):
        render(make_plan(trunk=TrunkPlan(peers=("192.0.2.1",))))


def test_a_specialist_is_not_rung_by_the_rescue() -> None:
    rescue = section(render(make_plan())["sd-inbound.conf"], "sd-everybody")
    assert "Gosub(sd-phones,101,1)" in rescue
    assert "201" not in rescue


def test_different_penalties_become_an_order() -> None:
    plan = make_plan(
        staff=(OperatorPlan(extension="101"), OperatorPlan(extension="102")),
        queues=(QueuePlan(name="family", members=(Member(extension="101", penalty=5), Member(extension="102"))),),
    )
    queue = section(render(plan)["queues.conf"], "family")
    assert "strategy = linear" in queue
    assert queue.index("Local/102@") < queue.index("Local/101@")


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": (LinePlan(did="_X.", queue="family"),)},
        {"lines": (LinePlan(did="1,1,System(id)", queue="family"),)},
        {"lines": (LinePlan(did="+74924800100\n", queue="family"),)},
        {"lines": (LinePlan(did="+74924800100", queue="other"),)},
        {"lines": (LinePlan(did="+74924800100", queue="family"),) * 2},
        {"staff": (OperatorPlan(extension="1"),), "queues": (), "lines": ()},
        {"staff": (OperatorPlan(extension="101&PJSIP"),), "queues": (), "lines": ()},
        {"staff": (OperatorPlan(extension="101", display_name="x\n[admin]"),)},
        {"staff": (OperatorPlan(extension="101", display_name="x; y"),)},
        {"staff": (OperatorPlan(extension="101", display_name="x <sip:1>"),)},
        {"staff": (OperatorPlan(extension="101", display_name="${SHELL(id)}"),)},
        {"staff": (OperatorPlan(extension="101", desk_secret="short"),)},
        {"staff": (OperatorPlan(extension="101", desk_secret="long enough but spaced"),)},
        {"staff": (OperatorPlan(extension="101", browser_ha1="0" * 31 + "G"),)},
        {"queues": (QueuePlan(name="general"),), "lines": ()},
        {"queues": (QueuePlan(name="family", strategy="ringall"),)},
        {"queues": (QueuePlan(name="family", members=(Member(extension="999"),)),)},
        {"town": (TownPartyPlan(number="+79070000101", behaviour="presses:1)"),)},
        {"town": (TownPartyPlan(number="${EXTEN}"),)},
        {"ami_secret": "changeme"},
        {"agi_token": "x" * 15},
        {"ami": Address(host="localhost", port=5038)},
        {"ami": Address(host="127.0.0.1", port=0)},
        {"town_bind": Address(host="127.0.0.1", port=5061)},
        {"run_dir": Path("/" + "x" * 100)},
        {"log_dir": Path("/a;b")},
        {"rtp_ports": (100, 90)},
        {"language": "ru\nx"},
    ],
)
def test_a_value_that_would_change_a_file_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(UnsafeConfigValue) as refusal:
        render(make_plan(**changes))
    assert SECRET not in str(refusal.value)


def test_writing_changes_only_what_differs_and_keeps_it_private(tmp_path: Path) -> None:
    plan = make_plan()
    files = render(plan)
    assert set(write(files, tmp_path)) == set(files)
    assert write(files, tmp_path) == ()
    (tmp_path / "queues.conf").write_text("spoiled")
    assert write(files, tmp_path) == ("queues.conf",)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert set(modes) == set(files)
    assert modes["manager.conf"] == modes["pjsip.conf"] == modes["pjsip_browser_auth.conf"] == 0o600
    assert set(modes.values()) <= {0o600, 0o640}
    assert not [name for name, text in files.items() if SECRET in text and modes[name] != 0o600]


def test_each_changed_file_is_reloaded_or_asks_for_a_restart() -> None:
    files = set(render(make_plan()))
    assert reload_commands(()) == ()
    assert reload_commands(("queues.conf", "pjsip.conf")) == (
        "module reload res_pjsip.so",
        "module reload app_queue.so",
    )
    for name in files:
        assert bool(reload_commands((name,))) != bool(needs_restart((name,))), name
    assert {"asterisk.conf", "modules.conf", "rtp.conf"} <= needs_restart(files)
