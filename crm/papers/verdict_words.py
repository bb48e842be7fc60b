"""What `verify` found, as a sentence for the person who asked; the page and the command say the same."""

from zoneinfo import ZoneInfo

from crm.papers.kinds import KINDS
from crm.papers.tables import ExportedFile
from crm.papers.verify import Outcome, Verdict


def sentence(verdict: Verdict, zone: ZoneInfo) -> str:
    """«Подлинный: выгрузка № 12 («Журнал»), 22.11.2026 10:15, Лаврова Н. А.»; times in the institution's `zone`."""
    said = _which(verdict.export, zone) if verdict.export else ""
    if verdict.outcome is Outcome.GENUINE:
        return f"Подлинный: {said}"
    if verdict.outcome is Outcome.RESAVED:
        return f"Содержание подлинное: {said} Файл сохранён ещё раз, но все ячейки прежние."
    if verdict.outcome is Outcome.CHANGED:
        return f"Изменён после выгрузки: {said} {_what(verdict, zone)}"
    if verdict.outcome is Outcome.TOO_LARGE:
        return (
            "Файл не совпадает ни с одной выгрузкой. Чтобы сравнить ячейки, он слишком велик для страницы: "
            "попросите администратора выполнить «family-dispatch export verify ФАЙЛ»."
        )
    return "Не наш файл: такого программа не выгружала."


def _which(export: ExportedFile, zone: ZoneInfo) -> str:
    title = KINDS[export.kind].title if export.kind in KINDS else export.kind
    who = f", {export.employee.short_name}" if export.employee else ""
    said = f"выгрузка № {export.id} («{title}»), {export.asked_at.astimezone(zone):%d.%m.%Y %H:%M}{who}"
    return f"{said.removesuffix('.')}."


def _what(verdict: Verdict, zone: ZoneInfo) -> str:
    if verdict.compared:
        return f"Отличается ячеек: {verdict.count}."
    removed = verdict.export.removed_at if verdict.export else None
    gone = f" {removed.astimezone(zone):%d.%m.%Y}" if removed else ""
    return f"Наша копия удалена{gone}, поэтому показать, какие ячейки, нельзя: выгрузите ещё раз и сравните."
