"""Our five names belong to us alone."""

import pytest

from workers import package_names
from workers.cli.common import Refused
from workers.cli.up import refuse_strangers


def test_nobody_else_in_this_environment_has_installed_one_of_our_names() -> None:
    assert package_names.strangers() == {}


def test_a_stranger_in_one_of_our_folders_stops_the_start_with_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        package_names, "packages_distributions", lambda: {"web": ["web-py", "family-dispatch"], "yaml": ["PyYAML"]}
    )
    assert package_names.strangers() == {"web": ["web-py"]}
    with pytest.raises(Refused, match="web-py"):
        refuse_strangers()
