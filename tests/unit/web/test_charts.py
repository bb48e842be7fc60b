"""Charts say the same to eyes and to ears, and nothing in them is markup of somebody else's."""

from xml.etree import ElementTree

from web.charts import Bar, bars

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*columns: Bar, top: float = 100.0, **more: object) -> ElementTree.Element:
    text = str(bars("one", "Кэф по кварталам", columns, top=top, **more))
    return ElementTree.fromstring(text.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))  # noqa: S314 - our own text


def test_a_reader_hears_the_title_and_every_column():
    svg = drawn(Bar("II\n2026", 49.5, "49,5"), Bar("III\n2026", None, "нет"))
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == "one-t one-d"
    assert svg.find(f"{SVG}title").text == "Кэф по кварталам"
    assert "49,5" in svg.find(f"{SVG}desc").text
    assert "нет" in svg.find(f"{SVG}desc").text


def test_heights_are_in_proportion_and_nothing_has_no_bar():
    svg = drawn(Bar("a", 50, "50"), Bar("b", 100, "100"), Bar("c", None, "нет"), Bar("d", 0, "0"))
    heights = [int(bar.get("height")) for bar in svg.iter(f"{SVG}rect")]
    assert len(heights) == 2
    assert heights[1] == 2 * heights[0]


def test_a_value_beyond_the_top_stays_inside():
    svg = drawn(Bar("a", 500, "500"))
    assert int(svg.find(f"{SVG}rect").get("y")) >= 0


def test_words_are_escaped():
    text = str(bars('"><script>', "<b>", [Bar("<i>&", 1, '"<u>"')], top=1))
    assert not any(mark in text for mark in ("<script", "<b>", "<i>", "<u>"))


def test_thresholds_are_lines_with_their_numbers():
    svg = drawn(Bar("a", 10, "10"), lines=[25, 50, 76])
    assert [text.text for text in svg.iter(f"{SVG}text")][:3] == ["25", "50", "76"]
