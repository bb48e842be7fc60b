"""What a campaign says (S-5, domain.md §9.2): its own words in versions, the common words around them, and the names.

Stored are only the words about the matter, with variables in braces. The greeting, the question and the warning about
fraud are the same for every campaign; a version that was said once is never changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callflow.names import address_form
from callflow.phone import PhoneNumber
from callflow.speech import templates
from callflow.speech.dates import MONTHS_OF
from callflow.text import clean_text
from crm.audit import Actor, write
from crm.campaigns.kinds import FREE, MEASURE, ROBOT, SERVICE
from crm.campaigns.tables import Campaign, CampaignText
from crm.errors import Incomplete
from crm.family_tables import Person
from crm.institution import Service
from crm.measures.tables import SupportMeasure
from crm.speech import values as speech_values
from crm.staff import Employee

LONGEST: Final = 2000
VARIABLES: Final[Mapping[str, str]] = {
    "имя": "имя и отчество того, кому звоним",
    "мера": "название меры",
    "категория": "для кого мера",
    "шаги": "что нужно сделать",
    "документы": "какие нужны документы",
    "срок": "последний день подачи",
    "службы": "чьё сообщение",
    "учреждение": "название учреждения",
    "номер": "телефон службы",
    "часы": "часы работы",
}
_EXAMPLES: Final = {
    "имя": "Елена Викторовна",
    "мера": "земельный участок",
    "категория": "многодетных семей",
    "шаги": "подать заявление в МФЦ",
    "документы": "паспорт",
    "срок": "первого декабря",
    "службы": "Семейной диспетчерской",
    "учреждение": "Семейный центр",
    "номер": "8 (49248) 2-10-01",
    "часы": "с понедельника по пятницу с восьми до семнадцати часов",
}
_DEFAULTS: Final[Mapping[str, str]] = {
    MEASURE: "Мы сообщаем о новой мере поддержки: {мера}.",
    SERVICE: "Мы сообщаем о нашей службе. Телефон {номер}, мы работаем {часы}. Вы можете обратиться к нам по любому "
    "вопросу о помощи семье.",
    FREE: "",
}


@dataclass(frozen=True)
class Words:
    """What is said to one family. `unresolved`: variables without a value; then nothing may be said."""

    text: str
    unresolved: tuple[str, ...] = ()


def default_text(kind: str, measure: SupportMeasure | None) -> str:
    """S-5 for this kind; sentences about what a measure does not name are left out."""
    words = _DEFAULTS.get(kind, "")
    if kind != MEASURE or measure is None:
        return words
    if measure.whom.strip():
        words += " Она предусмотрена для {категория}."
    if measure.steps.strip():
        words += " Чтобы её получить, нужно {шаги}."
    if measure.until is not None:
        words += " Срок подачи — до {срок}."
    return words


def current(session: Session, campaign_id: int) -> CampaignText | None:
    """The newest version: what is said from now on."""
    own = select(CampaignText).where(CampaignText.campaign_id == campaign_id)
    return session.scalars(own.order_by(CampaignText.version.desc()).limit(1)).first()


def versions(session: Session, campaign_id: int) -> Sequence[CampaignText]:
    """Every version, the newest first."""
    own = select(CampaignText).where(CampaignText.campaign_id == campaign_id)
    return session.scalars(own.order_by(CampaignText.version.desc())).all()


def change(
    session: Session, campaign: Campaign, text: str, employee: Employee, at: datetime, *, ip: str = ""
) -> CampaignText:
    """Say other words from now on: a new version; the same words again are the version that stands.

    What a robot would say must be heard anew (`Campaign.heard_version`). Raises Incomplete by field.
    """
    words = clean_text(text)
    before = current(session, campaign.id)
    if before is not None and before.text == words:
        return before
    if found := problems(words, campaign.channel):
        raise Incomplete({"text": " ".join(found)})
    newest = session.scalar(select(func.max(CampaignText.version)).where(CampaignText.campaign_id == campaign.id)) or 0
    row = CampaignText(
        campaign_id=campaign.id, version=newest + 1, text=words, created_at=at, created_by_id=employee.id
    )
    session.add(row)
    session.flush()
    if before is not None:
        details = {"version": row.version}
        write(session, Actor.of(employee, ip), "campaign.text", subject="campaign", subject_id=campaign.id,
              details=details, at=at)  # fmt: skip
    return row


def problems(text: str, channel: str) -> list[str]:
    """Why these words must not be saved, as sentences; a robot's have to be short enough for the ear."""
    if not text.strip():
        return ["Напишите, о чём сообщаем."]
    if len(text) > LONGEST:
        return [f"Текст длиннее {LONGEST} знаков. Сократите его."]
    if channel == ROBOT:
        return templates.problems(text, tuple(VARIABLES), _EXAMPLES)
    try:
        templates.fill(text, _EXAMPLES)
    except templates.Unresolved as error:
        known = ", ".join(f"{{{name}}}" for name in VARIABLES)
        return [f"Не поняты переменные: {', '.join(error.names)}. Есть такие: {known}."]
    return []


def values_of(session: Session, campaign: Campaign, at: datetime) -> dict[str, str]:
    """Variable → value for everything that is the same for every family; what is not known is not there."""
    service = session.get_one(Service, campaign.service_id)
    values = speech_values.common(session, service, at)
    measure = session.get(SupportMeasure, campaign.measure_id) if campaign.measure_id else None
    if measure is not None:
        values |= {
            "мера": measure.title,
            "категория": measure.whom,
            "шаги": in_one_line(measure.steps, "; "),
            "документы": in_one_line(measure.papers, ", "),
            "срок": in_figures(measure.until) if measure.until else "",
        }
    if values.get("номер"):
        values["номер"] = PhoneNumber(values["номер"]).display
    return {name: value.strip().rstrip(".") for name, value in values.items() if value.strip()}


def in_one_line(text: str, between: str) -> str:
    """Lines of the catalogue as the middle of a sentence: «подать заявление в МФЦ; дождаться ответа»."""
    lines = [line.strip().rstrip(".;") for line in text.splitlines() if line.strip()]
    return between.join(line[:1].lower() + line[1:] if not line[1:2].isupper() else line for line in lines)


def in_figures(day: date) -> str:
    """«1 декабря 2026 года»: people read it, a voice says it in words (`callflow.speech.speakable`)."""
    return f"{day.day} {MONTHS_OF[day.month - 1]} {day.year} года"


def words_for(text: str, values: Mapping[str, str], person: Person | None) -> Words:
    """The words for one family; with no person those that are the same for all, with «Имя Отчество» in their place."""
    name = address_form(person.surname, person.name, person.patronymic) if person else "Имя Отчество"
    try:
        return Words(templates.fill(text, {**values, "имя": name}))
    except templates.Unresolved as error:
        return Words("", error.names)


def unresolved(session: Session, campaign: Campaign, at: datetime) -> tuple[str, ...]:
    """Variables of the newest text that have no value today: they block a launch."""
    row = current(session, campaign.id)
    if row is None:
        return ("текст",)
    return words_for(row.text, values_of(session, campaign, at), None).unresolved
