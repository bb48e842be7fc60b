"""The report in words: how each figure is written, and by which formula it was made."""

from decimal import Decimal
from itertools import pairwise

from callflow.service_level import ANSWER_STEPS, LOST_STEPS, Fate, Tally, Targets
from crm.service_report.figures import ServiceFigures

NONE = "—"


def seconds(value: float | None) -> str:
    """«40 с», «4 мин 05 с», «1 ч 02 мин»; «—» where there is nothing to measure. Rounded to whole seconds."""
    if value is None:
        return NONE
    whole = int(value + 0.5)
    if whole >= 3600:
        return f"{whole // 3600} ч {whole % 3600 // 60:02} мин"
    return f"{whole // 60} мин {whole % 60:02} с" if whole >= 60 else f"{whole} с"


def share(value: Decimal | None) -> str:
    """«83,3 %»."""
    return NONE if value is None else f"{value} %".replace(".", ",")


def number(value: float | None) -> str:
    """One decimal: «2,5»."""
    return NONE if value is None else f"{value:.1f}".replace(".", ",")


def formula(targets: Targets) -> str:
    """What «service level» and the other words mean here; stands under the tables and in the file."""
    return (
        f"Уровень обслуживания = отвечено за {targets.answer_seconds} с ÷ (отвечено + потеряно) × 100 %. "
        f"Потеряно: звонящий ждал дольше {targets.short_seconds} с и положил трубку, или ответить было некому; "
        "короткие отбои, просьбы перезвонить, сообщения и звонки в перерыв и нерабочее время в эту долю не входят. "
        "Ожидание считается от поступления звонка до ответа (или до отбоя), вместе с приветствием. "
        "Звонок, который переводили или который вернулся в очередь, считается один раз, по первому ответу; "
        "разговор – всё время разговоров с операторами в этом звонке."
    )


def call_back_formula(targets: Targets) -> str:
    """What «called back in time» means."""
    return (
        f"Вовремя = разговор состоялся не позже чем через {targets.missed_minutes} рабочих минут после первого "
        "пропущенного звонка ÷ (все пропущенные − закрытые по другой причине) × 100 %."
    )


def lines_of(figures: ServiceFigures) -> list[tuple[str, str, str]]:
    """Every figure of the report as (section, what, how many), in the order of the page."""
    backs, appointment = figures.call_backs, figures.to_appointment
    lines = [("Звонки", title, value) for title, value in summary_of(figures.total)]
    lines += [
        ("Звонки", "средняя обработка после разговора", seconds(figures.average_wrapup)),
        ("Звонки", "исходящих / из них дозвонились", f"{figures.outgoing} / {figures.outgoing_answered}"),
        ("Пропущенные", "надо было перезвонить", str(backs.rows)),
        ("Пропущенные", "поговорили", str(backs.talked)),
        ("Пропущенные", f"из них за {figures.targets.missed_minutes} рабочих минут", str(backs.in_time)),
        ("Пропущенные", "вовремя", share(backs.share)),
        ("Пропущенные", "закрыто по другой причине", str(backs.by_reason)),
        ("Пропущенные", "ещё не перезвонили", str(backs.open)),
        ("Пропущенные", "в среднем, рабочих минут", number(backs.average_minutes)),
        ("Пропущенные", "дольше всего, рабочих минут", number(backs.longest_minutes)),
        ("От обращения до приёма", "записано на приём", str(appointment.booked)),
        ("От обращения до приёма", "в среднем, дней", number(appointment.average_days)),
        ("От обращения до приёма", "половина ждала не больше, дней", number(appointment.median_days)),
        ("От обращения до приёма", "дольше всего, дней", number(appointment.longest_days)),
    ]
    for section, tallies in (
        ("По дням", [(f"{day:%d.%m.%Y}", one) for day, one in figures.days.items()]),
        ("По часам", [(f"{hour:02}:00", one) for hour, one in figures.hours.items()]),
        ("По линиям", list(figures.lines)),
    ):
        lines += [(f"{section}: {name}", title, value) for name, one in tallies for title, value in short_of(one)]
    for one in figures.operators:
        lines += [
            (f"Оператор: {one.name}", "звонков с разговором", str(one.calls)),
            (f"Оператор: {one.name}", "средний разговор", seconds(one.average_talk)),
            (f"Оператор: {one.name}", "средняя обработка", seconds(one.average_wrapup)),
        ]
    return lines


def summary_of(total: Tally) -> list[tuple[str, str]]:
    """The figures of all calls together."""
    targets = total.targets
    steps = sorted({*ANSWER_STEPS, targets.answer_seconds})
    lost = zip(lost_titles(), total.lost_by_wait(), strict=True)
    return [
        ("всего поступило", str(total.total)),
        ("отвечено", str(total.answered)),
        *((f"отвечено за {step} с", str(total.answered_within(step))) for step in steps),
        ("уровень обслуживания", share(total.level)),
        ("потеряно", str(total.lost)),
        ("доля потерянных", share(total.lost_share)),
        *((f"потеряно: {title}", str(count)) for title, count in lost),
        *((fate.title, str(total.fates[fate])) for fate in Fate if fate not in (Fate.ANSWERED, Fate.LOST)),
        ("среднее ожидание ответа", seconds(total.average_wait)),
        ("самое долгое ожидание ответа", seconds(total.longest or None)),
        ("самое долгое ожидание потерянного", seconds(total.longest_lost or None)),
        ("средний разговор", seconds(total.average_talk)),
    ]


def lost_titles() -> list[str]:
    """«ждали 5–20 с», «21–60 с» …, as `LOST_STEPS` parts them."""
    titles = [f"до {LOST_STEPS[0]} с"]
    titles += [f"от {low} до {high} с" for low, high in pairwise(LOST_STEPS)]
    return [f"ждали {title}" for title in [*titles, f"дольше {LOST_STEPS[-1]} с"]]


def short_of(one: Tally) -> list[tuple[str, str]]:
    """The figures of a day, an hour, a line."""
    return [
        ("поступило", str(one.total)),
        ("отвечено", str(one.answered)),
        (f"отвечено за {one.targets.answer_seconds} с", str(one.in_time)),
        ("потеряно", str(one.lost)),
        ("уровень обслуживания", share(one.level)),
        ("среднее ожидание", seconds(one.average_wait)),
        ("средний разговор", seconds(one.average_talk)),
    ]
