"""Who is shown which drawing of the board, how often one is made, and when nothing is done at all."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping

import pytest

from web import board_hub
from web.board_hub import Hub, Picture, Seat, Services
from workers.feed import FeedDown, Notice, NoticeKind

OURS, THEIRS = (1,), (1, 2)


class ScriptedFeed:
    """A feed that says what the test tells it; `down` ends the present subscription as a lost Redis does."""

    def __init__(self) -> None:
        self.entries: asyncio.Queue[tuple[str, Notice | None] | None] = asyncio.Queue()
        self.subscribed = self.open = 0
        self.last = 0

    def tell(self, kind: NoticeKind = NoticeKind.QUEUE) -> str:
        self.last += 1
        self.entries.put_nowait((f"{self.last}-0", Notice(kind)))
        return f"{self.last}-0"

    def down(self) -> None:
        self.entries.put_nowait(None)

    async def subscribe(self, _after: str | None) -> AsyncIterator[tuple[str, Notice | None]]:
        self.subscribed += 1
        self.open += 1
        try:
            yield f"{self.last}-0", None
            while (entry := await self.entries.get()) is not None:
                yield entry
            raise FeedDown
        finally:
            self.open -= 1


class Drawer:
    """Counts what is drawn; `words` is what the board says, `failing` makes it fail, `gate` holds it."""

    def __init__(self) -> None:
        self.asked: list[set[Services]] = []
        self.words = "в очереди 1"
        self.failing = False
        self.gate = threading.Event()
        self.gate.set()

    @property
    def drawings(self) -> int:
        return len(self.asked)

    def __call__(self, groups: Collection[Services]) -> Mapping[Services, str]:
        self.asked.append(set(groups))
        words = self.words
        assert self.gate.wait(20)
        if self.failing:
            raise ConnectionError
        return {group: f"<p>{words}</p>\n<p>{group}</p>" for group in groups}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing by itself: only what a test does makes a drawing."""
    monkeypatch.setattr(board_hub, "LEAST_SECONDS", 0.01)
    monkeypatch.setattr(board_hub, "REDRAW_SECONDS", 60.0)
    monkeypatch.setattr(board_hub, "CHECK_SECONDS", 60.0)
    monkeypatch.setattr(board_hub, "RETRY_REDIS_SECONDS", 0.01)


Story = Callable[[Hub, ScriptedFeed, Drawer], Awaitable[None]]


def play(story: Story) -> None:
    async def whole() -> None:
        feed, drawer = ScriptedFeed(), Drawer()
        async with asyncio.timeout(30):
            await story(Hub(feed, drawer), feed, drawer)  # type: ignore[arg-type]  # the one method of it that is used

    asyncio.run(whole())


async def become(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.005)


async def picture(seat: Seat) -> str:
    event = await seat.event(20)
    assert event is not None
    return event.decode()


async def id_of(seat: Seat, stream_id: str) -> str:
    """The event with this id, whatever comes before it."""
    while f"id: {stream_id}\n" not in (event := await picture(seat)):
        pass
    return event


def good() -> bool:
    return True


def test_who_may_see_the_same_gets_the_same_drawing_out_of_one_reading() -> None:
    async def story(hub: Hub, feed: ScriptedFeed, drawer: Drawer) -> None:
        with hub.seat(OURS, "a", good) as one, hub.seat(OURS, "b", good) as two, hub.seat(THEIRS, "c", good) as three:
            last = feed.tell()
            events = [await id_of(seat, last) for seat in (one, two, three)]
            assert events[0] == events[1]
            assert "(1,)" in events[0]
            assert "(1, 2)" in events[2]
            assert "(1, 2)" not in events[0]
        assert {frozenset(groups) for groups in drawer.asked} == {frozenset({OURS, THEIRS})}
        assert feed.subscribed == 1

    play(story)


def test_a_hundred_notices_in_the_middle_of_a_drawing_are_one_more_drawing() -> None:
    async def story(hub: Hub, feed: ScriptedFeed, drawer: Drawer) -> None:
        drawer.gate.clear()
        with hub.seat(OURS, "a", good) as seat:
            await become(lambda: drawer.drawings == 1)
            ids = [feed.tell() for _ in range(100)]
            await become(feed.entries.empty)
            drawer.words = "в очереди 2"
            drawer.gate.set()
            event = await id_of(seat, ids[-1])
            assert "в очереди 2" in event
            assert drawer.drawings <= 3  # the first, and the hundred; the feed's own beginning may be one between
        assert all(groups == {OURS} for groups in drawer.asked)

    play(story)


def test_a_busy_feed_is_drawn_no_oftener_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_hub, "LEAST_SECONDS", 60.0)

    async def story(hub: Hub, feed: ScriptedFeed, drawer: Drawer) -> None:
        with hub.seat(OURS, "a", good) as seat:
            assert "data:" in await picture(seat)
            for _ in range(50):
                feed.tell()
            await become(feed.entries.empty)
            assert await seat.event(0.1) is None
            assert drawer.drawings == 1

    play(story)


def test_a_drawing_that_takes_long_leaves_half_of_the_time_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_hub, "LEAST_SECONDS", 0.1)
    assert board_hub.rest_after(0.02) == pytest.approx(0.08)
    assert board_hub.rest_after(0.05) == pytest.approx(0.05)
    assert board_hub.rest_after(0.3) == pytest.approx(0.3)


def test_a_drawing_that_has_not_changed_moves_only_the_id() -> None:
    async def story(hub: Hub, feed: ScriptedFeed, drawer: Drawer) -> None:
        with hub.seat(OURS, "a", good) as seat:
            assert "data: <p>в очереди 1</p>\ndata: <p>(1,)</p>" in await picture(seat)
            last = feed.tell()
            event = await id_of(seat, last)
            assert event == f"id: {last}\n\n"
            drawer.words = "в очереди 2"
            assert "в очереди 2" in await id_of(seat, feed.tell())

    play(story)


def test_a_slow_browser_gets_the_newest_drawing_and_none_of_the_old() -> None:
    async def story(hub: Hub, feed: ScriptedFeed, drawer: Drawer) -> None:
        with hub.seat(OURS, "slow", good) as slow, hub.seat(OURS, "quick", good) as quick:
            for number in range(2, 6):
                drawer.words = f"в очереди {number}"
                last = feed.tell()
                await id_of(quick, last)
            event = await picture(slow)
            assert "в очереди 5" in event
            assert await slow.event(0.05) is None

    play(story)


def test_nothing_is_followed_while_nobody_watches() -> None:
    async def story(hub: Hub, feed: ScriptedFeed, drawer: Drawer) -> None:
        assert not hub.is_following
        with hub.seat(OURS, "a", good) as first, hub.seat(OURS, "b", good):
            await picture(first)
            assert hub.is_following
        assert not hub.is_following
        await become(lambda: feed.open == 0)
        count = drawer.drawings
        feed.tell()
        await asyncio.sleep(0.05)
        assert drawer.drawings == count
        with hub.seat(OURS, "a", good) as again:
            assert "data:" in await picture(again)
            assert feed.subscribed == 2

    play(story)


def test_whoever_comes_later_is_shown_the_board_at_once() -> None:
    async def story(hub: Hub, _feed: ScriptedFeed, _drawer: Drawer) -> None:
        with hub.seat(OURS, "a", good) as first:
            await picture(first)
            with hub.seat(THEIRS, "b", good) as second, hub.seat(OURS, "c", good) as third:
                assert "(1, 2)" in await picture(second)
                assert "data: <p>" in await picture(third)

    play(story)


@pytest.mark.parametrize("kind", sorted(board_hub.NOT_OF_THE_BOARD))
def test_what_the_board_does_not_show_draws_nothing(kind: NoticeKind) -> None:
    async def story(hub: Hub, feed: ScriptedFeed, drawer: Drawer) -> None:
        with hub.seat(OURS, "a", good) as seat:
            await picture(seat)
            while await seat.event(0.1):
                pass
            count = drawer.drawings
            feed.tell(kind)
            await become(feed.entries.empty)
            assert await seat.event(0.1) is None
            assert drawer.drawings == count

    play(story)


def test_what_no_notice_tells_of_is_drawn_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_hub, "REDRAW_SECONDS", 0.05)

    async def story(hub: Hub, _feed: ScriptedFeed, drawer: Drawer) -> None:
        with hub.seat(OURS, "a", good) as seat:
            await picture(seat)
            drawer.words = "просрочено"
            while "просрочено" not in await picture(seat):
                pass

    play(story)


def test_whoever_may_see_it_no_longer_is_parted_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board_hub, "CHECK_SECONDS", 0.02)
    asked: list[str] = []

    def of(ticket: str, answer: bool) -> Callable[[], bool]:
        def is_good() -> bool:
            asked.append(ticket)
            return answer

        return is_good

    async def story(hub: Hub, feed: ScriptedFeed, _drawer: Drawer) -> None:
        with hub.seat(OURS, "a", of("a", True)) as stays, hub.seat(OURS, "b", of("b", False)) as goes:
            with hub.seat(OURS, "b", of("b", False)) as tab:
                await become(lambda: bool(goes.over and tab.over))
            assert goes.over == "ended"
            assert await goes.event(20) is None
            assert not stays.over
            assert await id_of(stays, feed.tell())
        assert asked.count("b") <= asked.count("a") + 1, "two tabs of one session are asked about once"

    play(story)


def test_a_board_that_cannot_be_drawn_ends_the_streams_and_comes_back() -> None:
    async def story(hub: Hub, feed: ScriptedFeed, drawer: Drawer) -> None:
        drawer.failing = True
        with hub.seat(OURS, "a", good) as seat:
            await become(lambda: bool(seat.over))
            assert seat.over == "away"
        await become(lambda: feed.open == 0)
        drawer.failing = False
        with hub.seat(OURS, "a", good) as seat:
            assert "data:" in await picture(seat)

    play(story)


def test_the_board_is_drawn_while_the_feed_is_away_and_followed_again() -> None:
    async def story(hub: Hub, feed: ScriptedFeed, drawer: Drawer) -> None:
        with hub.seat(OURS, "a", good) as seat:
            await picture(seat)
            drawer.words = "без ленты"
            feed.down()
            while "без ленты" not in await picture(seat):
                pass
            await become(lambda: feed.subscribed == 2)
            assert await id_of(seat, feed.tell())

    play(story)


@pytest.mark.parametrize("words", ["a\nb", "a\r\nb", "a\rb", "a\u2028b", "a\x85b", "data: x\n\nevent: goodbye"])
def test_a_drawing_never_breaks_out_of_its_event(words: str) -> None:
    lines = Picture.of(words, "1-0").whole.decode().removesuffix("\n\n").split("\n")
    assert lines[:2] == ["event: board", "id: 1-0"]
    assert all(line.startswith("data: ") for line in lines[2:])
