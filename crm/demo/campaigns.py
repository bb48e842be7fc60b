"""Three campaigns of the invented town: one that is over, one under way, one that is still a draft (A-18, B-6).

Nobody is planned here: the ticker does that in the hours of calls, as it does for real campaigns.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.campaigns import texts
from crm.campaigns.outcomes import SAID, Outcome
from crm.campaigns.tables import DONE, DRAFT, RUNNING, Campaign, CampaignTarget, CampaignText
from crm.family_tables import Family, FamilyStatus
from crm.institution import Service
from crm.measures.tables import FamilyTold, SupportMeasure
from crm.measures.topics import topic_of_measure, topic_of_service
from crm.staff import by_login

FORM_KEYS = ("demoaboutservice", "demolandcampaign", "democampsummer00")
"""By which the invented campaigns are known."""
_LARGE = [{"kind": "status", "code": "многодетная", "proof": "any"}, {"kind": "phone", "have": "yes"}]
_ABOUT_US = "Мы сообщаем о нашей службе: социальный координатор для многодетных семей. Телефон {номер}."
_DONE = (Outcome.TOLD, Outcome.TOLD, Outcome.HELP, Outcome.TOLD, Outcome.REFUSED, Outcome.TOLD, Outcome.NOT_REACHED)
_BEGUN = (Outcome.TOLD, Outcome.REFUSED, Outcome.TOLD, Outcome.NOT_REACHED)


def load_campaigns(session: Session, at: datetime) -> None:
    """Write them, with what became of their families so far."""
    dispatcher, coordinator = by_login(session, "lavrova"), by_login(session, "gromova")
    first, second = session.scalars(select(Service.id).order_by(Service.id).limit(2)).all()
    land, camp = (_measure(session, words) for words in ("Земельный участок%", "Путёвка%"))
    families = _large_families(session)
    today = at.date()
    over = _campaign(
        session, FORM_KEYS[0], at - timedelta(days=40), state=DONE, service_id=second, kind="service",
        title="О службе: многодетным семьям", text=_ABOUT_US, starts_on=today - timedelta(days=40),
        ends_on=today - timedelta(days=20), state_reason="все семьи обзвонены",
    )  # fmt: skip
    _targets(session, over, families, _DONE, at - timedelta(days=25), by=coordinator.id if coordinator else None)
    going = _campaign(
        session, FORM_KEYS[1], at - timedelta(days=3), state=RUNNING, service_id=first, measure_id=land.id,
        segment_id=land.segment_id, title="Земельные участки: рассказать семьям",
        text=texts.default_text("measure", land),
        starts_on=today - timedelta(days=3), ends_on=today + timedelta(days=27), per_day=12,
    )  # fmt: skip
    told = set(session.scalars(select(FamilyTold.family_id).where(FamilyTold.topic == topic_of_measure(land.id))))
    rest = [one for one in families if one not in told]
    _targets(session, going, rest, _BEGUN, at - timedelta(days=2), by=dispatcher.id if dispatcher else None)
    _campaign(
        session, FORM_KEYS[2], at, state=DRAFT, service_id=first, measure_id=camp.id,
        title="Летний лагерь: новые семьи каждый день", text=texts.default_text("measure", camp), standing=True,
        starts_on=today + timedelta(days=1), ends_on=today + timedelta(days=60), per_day=10,
    )  # fmt: skip
    session.flush()


def _campaign(session: Session, key: str, at: datetime, *, text: str, state: str, **values: object) -> Campaign:
    head = by_login(session, "roshchina")
    row = Campaign(
        form_key=key,
        conditions=_LARGE,
        state=state,
        state_at=at,
        created_at=at,
        created_by_id=head.id if head else None,
        launched_at=at if state != DRAFT else None,
        launched_by_id=head.id if head and state != DRAFT else None,
        counted_on=at.date() if state != DRAFT else None,
        **values,
    )
    session.add(row)
    session.flush()
    session.add(CampaignText(campaign_id=row.id, version=1, text=text, created_at=at, created_by_id=row.created_by_id))
    return row


def _targets(
    session: Session,
    campaign: Campaign,
    families: Sequence[int],
    ended: Sequence[Outcome],
    at: datetime,
    *,
    by: int | None,
) -> None:
    """The first families as in `ended`; of a campaign that is over all in that order, of the other the rest wait."""
    measure_id = campaign.measure_id
    topic = topic_of_measure(measure_id) if measure_id else topic_of_service(campaign.service_id)
    for place, family_id in enumerate(families):
        over = campaign.state == DONE or place < len(ended)
        outcome = ended[place % len(ended)] if over else None
        when = at + timedelta(minutes=7 * place)
        target = CampaignTarget(
            campaign_id=campaign.id,
            family_id=family_id,
            counted_as=family_id,
            state=outcome.value if outcome else "waiting",
            state_at=when if outcome else campaign.launched_at or at,
            text_version=1 if outcome is not None and outcome in SAID else None,
            employee_id=by if outcome else None,
            added_at=campaign.launched_at or at,
        )
        session.add(target)
        session.flush()
        if outcome is not None and outcome in SAID:
            session.add(
                FamilyTold(
                    family_id=family_id,
                    counted_as=family_id,
                    topic=topic,
                    outcome=SAID[outcome],
                    channel="human",
                    measure_id=measure_id,
                    target_id=target.id,
                    employee_id=by,
                    at=when,
                )
            )


def _large_families(session: Session) -> list[int]:
    """Families of the register that everybody may see, but those whose cases ask for other ways (16, 20)."""
    large = select(FamilyStatus.family_id).where(FamilyStatus.type == "многодетная")
    found = select(Family.id).where(Family.id.in_(large), Family.restricted.is_(False), Family.preferred_channel == "")
    return list(session.scalars(found.order_by(Family.id)))


def _measure(session: Session, words: str) -> SupportMeasure:
    return session.scalars(select(SupportMeasure).where(SupportMeasure.title.like(words))).one()
