"""The pictures of the guide's chapter on campaigns."""

from __future__ import annotations

from datetime import UTC, datetime
from unittest import mock

from playwright.sync_api import expect

from callflow.dialler import window
from crm.campaigns import planning
from crm.db import open_database
from crm.settings import RecordsSettings
from tests.browser.pictures.story import Story
from tests.support.open_window import always


def campaigns(story: Story) -> None:
    """Every campaign and how far it is."""
    page = story.open("roshchina", "Кампании")
    expect(page.locator("tbody tr").first).to_be_visible()
    story.take("campaigns", page)


def dry_run_of_a_draft(story: Story) -> None:
    """What a launch would mean."""
    page = story.open("roshchina", "Кампании")
    page.click("tbody tr:has-text('черновик') a")
    page.click("text=Посчитать")
    expect(page.locator("text=Кому не позвоним")).to_be_visible(timeout=30_000)
    story.take("campaigns-dry-run", page)


def campaign_work(story: Story) -> None:
    """The dispatcher's list; planned here, for the pictures may be taken on a Sunday."""
    with mock.patch.object(window, "spans", always):
        plan(story)
    page = story.open("lavrova", "Кампании")
    page.click(".page-head >> text=Звонить")
    page.click("text=Начать: следующая семья")
    expect(page.locator("text=Что сказать")).to_be_visible()
    story.take("campaigns-work", page)


def plan(story: Story) -> None:
    """Today's families of the campaigns under way."""
    database = open_database(RecordsSettings(data_dir=story.service.data_dir, _env_file=None))
    while True:
        with database.transaction() as session:
            if not planning.plan(session, datetime.now(UTC), mode="demo"):
                return
