"""By what law or list a row outlives the destruction of a person's data, as the act says it.

152-ФЗ art. 21 ч. 5 lets stay what another law obliges to keep (domain.md §4.4).
"""

GONE = "данные уничтожены"
"""What destruction writes where a name must stand."""

JOURNAL_GROUND = "журналы учёта обращений хранятся 5 лет (перечень Росархива, приказ от 20.12.2019 № 236)"
CALLS_GROUND = "сведения о соединениях хранятся 3 года (номенклатура дел учреждения)"
CONSENTS_GROUND = "доказательство согласия хранится 3 года после его прекращения (152-ФЗ ст. 9 ч. 3)"
ACTS_GROUND = "обращения и акты хранятся 3 года (приказ Роскомнадзора от 28.10.2022 № 179)"
BOOKED_GROUND = "журнал записи на приём хранится 3 года (номенклатура дел учреждения)"
