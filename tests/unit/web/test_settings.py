"""The pages' own settings."""

import pytest

from crm.settings import load
from web.settings import WebSettings
from workers.settings import SettingsError

SECRET = "0123456789abcdef" * 4


def made(tmp_path, **given):
    return load(WebSettings, data_dir=tmp_path, secret_key=SECRET, **given)


def test_demo_never_listens_beyond_this_machine(tmp_path):
    with pytest.raises(SettingsError) as refused:
        made(tmp_path, http_bind="0.0.0.0:8080")
    assert "DISPATCH_HTTP_BIND" in str(refused.value)


def test_cookies_are_secure_behind_https(tmp_path):
    settings = made(tmp_path, mode="live", public_url="https://dispatch.example.com")
    assert settings.https
    assert "dispatch.example.com" in settings.hosts
    assert not made(tmp_path).https


def test_the_policy_cannot_be_widened_by_an_address(tmp_path):
    with pytest.raises(SettingsError):
        made(tmp_path, phone_ws_url="ws://x; script-src *")


def test_the_phone_is_found_at_the_exchange(tmp_path):
    assert made(tmp_path).phone_url == "ws://127.0.0.1:8088/ws"
    assert made(tmp_path, phone_ws_url="wss://pbx.example.com/ws").phone_origin == "wss://pbx.example.com"
