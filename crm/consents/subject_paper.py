"""The paper that a person is given about his data, as one HTML file that needs nothing but a browser to be read."""

from collections.abc import Mapping
from html import escape
from typing import Any

_STYLE = (
    "body{font:15px/1.45 sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#1b2430}"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin:1.6rem 0 .4rem;border-bottom:1px solid #ccc}"
    "dl{display:grid;grid-template-columns:14rem 1fr;gap:.15rem 1rem;margin:.6rem 0;break-inside:avoid}"
    "dt{color:#55606e}dd{margin:0;white-space:pre-line;overflow-wrap:anywhere}"
    "section>dl+dl{border-top:1px dotted #ccc;padding-top:.6rem}"
)


def as_html(paper: Mapping[str, Any]) -> str:
    """Return the paper with Russian labels; everything that was typed is escaped."""
    operator = ", ".join(value for value in paper["operator"].values() if value)
    head = _list(
        {
            "Человек": paper["name"],
            "Карточка": paper["card_number"],
            "Оператор": operator,
            "Основание обработки": paper["basis"],
            "Составлено": paper["made_at"],
        }
    )
    sections = "".join(_section(one["title"], one["rows"]) for one in paper["sections"])
    left_out = "".join(f"<li>{escape(sentence)}</li>" for sentence in paper["left_out"])
    return (
        f'<!doctype html><html lang="ru"><head><meta charset="utf-8"><title>{escape(paper["title"])}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{escape(paper['title'])}</h1>{head}{sections}"
        f"<section><h2>Что сюда не входит</h2><ul>{left_out}</ul></section></body></html>\n"
    )


def _section(title: str, rows: list[Mapping[str, str]]) -> str:
    body = "".join(_list(row) for row in rows) or "<p>Нет.</p>"
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _list(row: Mapping[str, str]) -> str:
    return f"<dl>{''.join(f'<dt>{escape(name)}</dt><dd>{escape(value)}</dd>' for name, value in row.items())}</dl>"
