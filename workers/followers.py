"""Who in the records follows the words of our dialplan (`callflow.dialplan_word`), one follower per subject.

A follower is called by the recorder inside its transaction, changes its own rows only, does nothing when it hears the
same word twice, and returns the notices to publish after the commit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from callflow.dialplan_word import DialplanWord, Subject
from workers import line_words, monitoring, outgoing, phrase_calls, recordings, transfers
from workers.dialler import words
from workers.feed import Notice

Follower = Callable[[Session, DialplanWord], Sequence[Notice]]

FOLLOWERS: Mapping[Subject, Follower] = {
    Subject.LINE: line_words.follow,
    Subject.TRANSFER: transfers.follow,
    Subject.OUTGOING: outgoing.follow,
    Subject.RECORDING: recordings.follow,
    Subject.MONITOR: monitoring.follow,
    Subject.PHRASE: phrase_calls.follow,
    Subject.DIAL: words.follow,
}


def follow(session: Session, word: DialplanWord) -> Sequence[Notice]:
    """Hand the word to its subject's follower; a subject without one is passed over."""
    follower = FOLLOWERS.get(word.subject)
    return follower(session, word) if follower else ()
