"""Whose screen changes when a call changes. Carried out by ``workers.listener`` after the commit, in the order
given."""

from dataclasses import dataclass

from callflow.call_record import Call, CallState, Disposition


@dataclass(frozen=True, slots=True)
class PopShown:
    """This operator's phone rings, or who is calling her has become known: show the card."""

    extension: str


@dataclass(frozen=True, slots=True)
class PopWithdrawn:
    """Her phone stopped ringing and she is not talking: take the card away."""

    extension: str


@dataclass(frozen=True, slots=True)
class TalkStarted:
    """The pop becomes the current call."""

    extension: str


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """Her wrap-up begins."""

    extension: str


@dataclass(frozen=True, slots=True)
class QueueChanged:
    """The list of those who wait in this queue looks different."""

    queue: str


@dataclass(frozen=True, slots=True)
class CallClosed:
    """The caller is gone. An abandoned call becomes a call-back task."""

    disposition: Disposition


Effect = PopShown | PopWithdrawn | TalkStarted | TalkEnded | QueueChanged | CallClosed


def difference(before: Call, after: Call) -> tuple[Effect, ...]:
    """What the screens must do to get from ``before`` to ``after``. First take away, then show; an ended call moves
    nothing."""
    if before.state is CallState.ENDED:
        return ()
    return (*_talk_and_pops(before, after), *_queues(before, after), *_closed(after))


def _talk_and_pops(before: Call, after: Call) -> list[Effect]:
    rang, rings = before.ringing_extensions, after.ringing_extensions
    talked, talks = before.talking_extension, after.talking_extension
    effects: list[Effect] = [PopWithdrawn(extension) for extension in rang if extension not in (*rings, talks)]
    if talked is not None and talked != talks:
        effects.append(TalkEnded(talked))
    if talks is not None and talks != talked:
        effects.append(TalkStarted(talks))
    newly_known = before.caller != after.caller
    effects.extend(PopShown(extension) for extension in rings if newly_known or extension not in rang)
    return effects


def _queues(before: Call, after: Call) -> list[Effect]:
    if (before.state, before.queue) == (after.state, after.queue):
        return []
    return [QueueChanged(queue) for queue in dict.fromkeys((before.queue, after.queue)) if queue is not None]


def _closed(after: Call) -> list[Effect]:
    return [CallClosed(after.disposition)] if after.disposition is not None else []
