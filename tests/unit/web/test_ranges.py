"""What a player may ask for of a recording (reliability.md B64)."""

from __future__ import annotations

import pytest

from web.ranges import NoSuchRange, one_range


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("", None),
        ("bytes=0-", (0, 99)),
        ("bytes=10-19", (10, 19)),
        ("bytes=90-1000", (90, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=-1000", (0, 99)),
        ("bytes=99-99", (99, 99)),
    ],
)
def test_one_range_is_answered(header: str, wanted: tuple[int, int] | None) -> None:
    assert one_range(header, 100) == wanted


@pytest.mark.parametrize(
    "header",
    ["bytes=100-", "bytes=5-4", "bytes=-0", "bytes=-", "bytes=", "lines=0-1", "bytes=0-1,3-4", "bytes=a-b", "bytes=٣-٤",
     "bytes=" + ",".join(f"{n}-{n}" for n in range(10_000)), "bytes=" + "9" * 100 + "-", "x" * 1_000_000],
)  # fmt: skip
def test_anything_else_is_no_range(header: str) -> None:
    with pytest.raises(NoSuchRange):
        one_range(header, 100)


def test_an_empty_file_has_no_range() -> None:
    with pytest.raises(NoSuchRange):
        one_range("bytes=0-", 0)
