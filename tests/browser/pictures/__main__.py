"""Take the pictures: `python -m tests.browser.pictures [NAME…]`. Names given: only those are written."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect, sync_playwright

from tests.browser.pictures import (
    appointments,
    audit,
    call,
    campaigns,
    cards,
    consents,
    dialling,
    exports,
    hours,
    imports,
    journal,
    lines,
    measures,
    missed,
    recordings,
    reports,
    search,
    service,
    specialists,
    speech,
    tips,
    transfers,
)
from tests.browser.pictures.story import IMAGES, PATIENCE_MS, Story
from tests.support.service import LiveService
from tests.support.tools import Tools

STORY: tuple[Callable[[Story], None], ...] = (
    call.login,
    call.workplace_idle,
    call.status_menu,
    call.keys,
    call.workplace_ringing,
    call.workplace_answered,
    call.workplace_talking,
    call.strip,
    call.workplace_wrapup,
    call.workplace_shared,
    specialists.wrapup_finish,
    transfers.connect,
    transfers.packet,
    transfers.transfer_consulting,
    call.new_card,
    call.journal,
    call.families,
    call.family,
    search.families_typing,
    search.duplicates,
    search.merge,
    cards.card,
    cards.card_person,
    cards.card_conflict,
    journal.journal_new,
    journal.journal_entry,
    journal.journal_control,
    missed.missed,
    missed.missed_one,
    missed.handover,
    dialling.dialling,
    dialling.dialling_list,
    dialling.ratings_work,
    dialling.dialling_settings,
    specialists.specialists,
    specialists.absences,
    appointments.booking,
    appointments.appointments,
    appointments.timetable,
    consents.consents,
    consents.consent_blank,
    consents.subjects,
    consents.subject_rights,
    reports.survey,
    reports.report,
    service.wallboard,
    recordings.recording_rule,
    recordings.recordings,
    recordings.monitoring,
    service.service_report,
    service.service_targets,
    service.outgoing,
    reports.upkeep,
    measures.measures,
    measures.segment,
    campaigns.campaigns,
    campaigns.dry_run_of_a_draft,
    campaigns.campaign_work,
    hours.calendar,
    hours.calendar_days,
    lines.lines,
    speech.speech,
    speech.speech_piece,
    tips.tips_new,
    tips.tips_one,
    exports.registry,
    exports.export,
    exports.export_changed,
    imports.imports,
    imports.import_ready,
    call.me,
    call.training,
    call.audit,
    audit.audit_family,
    audit.roles,
    call.settings,
    call.settings_person,
    call.system,
)


def main(wanted: list[str]) -> list[str]:
    """Take them; return what could not be taken."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    tool = Tools().chromium()
    expect.set_options(timeout=PATIENCE_MS)
    with LiveService() as service, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=tool.command[0],
            args=[
                *tool.command[1:],
                "--no-sandbox",
                "--disable-background-networking",
                "--use-fake-device-for-media-stream",
                "--use-fake-ui-for-media-stream",
            ],
            env={**tool.environment()},
        )
        story = Story(service, browser, [re.sub(r"\.png$", "", name) for name in wanted])
        failed = []
        try:
            for picture in STORY:
                try:
                    picture(story)
                except (PlaywrightError, AssertionError) as error:  # one page that has changed costs one picture
                    failed.append(picture.__name__)
                    print(f"{picture.__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            story.end()
            browser.close()
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1:]) else 0)
