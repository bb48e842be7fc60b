"""The two invented institutions, their services and lines. All numbers lie in the synthetic prefixes of §10.6."""

from dataclasses import dataclass

AREA_CODE = "49248"
TIMEZONE = "Europe/Moscow"
EMERGENCY = (
    "Если есть угроза жизни или здоровью — 112. Детский телефон доверия — 8-800-2000-122 (бесплатно, круглосуточно)."
)


@dataclass(frozen=True)
class DemoService:
    """A service with its institution; `lines` are (DID, kind, title)."""

    code: str
    institution: str
    short_institution: str
    department: str
    address: str
    name: str
    journal_title: str
    queue: str
    lines: tuple[tuple[str, str, str], ...]


SERVICES = (
    DemoService(
        code="A",
        institution="ГКУСО «Заречинский социально-реабилитационный центр для несовершеннолетних»",
        short_institution="ГКУСО «Заречинский СРЦН»",
        department="Отделение «Семейная диспетчерская»",
        address="г. Заречинск, ул. Школьная, д. 5",
        name="Семейная диспетчерская",
        journal_title="Журнал учёта обращений в Семейную диспетчерскую",
        queue="dispatch",
        lines=(("+79070009001", "mobile", "Семейная диспетчерская, мобильный"),),
    ),
    DemoService(
        code="B",
        institution="Управление социальной защиты населения Заречинского района",
        short_institution="УСЗН Заречинского района",
        department="Отдел поддержки семьи",
        address="г. Заречинск, пл. Мира, д. 1",
        name="Социальный координатор для многодетных семей",
        journal_title="Журнал учёта обращений многодетных семей к социальному координатору",
        queue="coordinator",
        lines=(
            ("+74924800001", "landline", "Социальный координатор, городской"),
            ("+79070009002", "mobile", "Социальный координатор, мобильный"),
        ),
    ),
)
