"""Pictures of the family's card, its forms and its history; wired into `make screenshots` by the story's order."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.pictures.story import Story


def _card(story: Story, number: int, login: str = "lavrova") -> Page:
    """The card of one demo family."""
    page = story.page(login)
    page.goto(f"{story.service.url}/families/{number}")
    expect(page.locator(".tabs a[aria-current=page]")).to_contain_text("Карточка")
    return page


def card(story: Story) -> None:
    """The card of a large family."""
    story.take("card", _card(story, 6))


def card_person(story: Story) -> None:
    """A member and her telephones."""
    page = _card(story, 2)
    page.click(".member-name a >> nth=0")
    page.click("details.phone summary >> nth=0")
    story.take("card-person", page)


def card_timeline(story: Story) -> None:
    """Everything that happened with the family."""
    page = _card(story, 1)
    page.click(".tabs a:has-text('История')")
    page.wait_for_selector(".timeline")
    story.take("card-timeline", page)


def card_conflict(story: Story) -> None:
    """Two edit the same field: the second is told."""
    mine, other = _card(story, 5), _card(story, 5, "zayac")
    for page in (mine, other):
        page.click("section:has(h2:text('Что дальше')) a:has-text('Изменить')")
        page.wait_for_selector("#f-address")
    other.fill("#f-address", "ул. Мира, д. 44, кв. 61")
    other.click("main button[type=submit]")
    other.wait_for_selector(".tabs")
    mine.bring_to_front()
    mine.fill("#f-address", "ул. Мира, д. 44, кв. 62")
    mine.click("main button[type=submit]")
    mine.wait_for_selector(".conflicts")
    story.take("card-conflict", mine)


def card_access(story: Story) -> None:
    """Who sees a restricted card."""
    page = _card(story, 12, "roshchina")
    page.click("section:has(h2:text('Доступ')) a")
    page.wait_for_selector("input[name=restricted]")
    story.take("card-access", page)


def catalogues(story: Story) -> None:
    """The editable lists."""
    page = story.page("roshchina")
    page.goto(f"{story.service.url}/catalogues")
    page.wait_for_selector(".catalogues")
    story.take("catalogues", page)
