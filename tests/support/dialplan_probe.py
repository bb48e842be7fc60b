"""One channel that asks a subroutine of the dialplan thousands of questions in a row; only wrong answers are told."""

from __future__ import annotations

from collections.abc import Iterable

from tests.support.exchange import LiveExchange

CHUNK = 100
Question = tuple[str, ...]
"""Arguments of the subroutine, and last what it must answer."""


def ask(
    exchange: LiveExchange, gosub: str, answer: str, asked: Iterable[Question], *, context: str = ""
) -> list[dict[str, str]]:
    """The questions whose answer was another one: «At» the arguments, «Said», «Wanted».

    `gosub`: context and extension with its arguments as ${ARG1}, ${ARG2}, …; `answer`: the variables that hold what it
    says; `context`: more dialplan that it wants. How many were asked is checked too.
    """
    questions = list(asked)
    assert questions
    last = len(questions[0])
    arguments = "/".join(f"${{ARG{number}}}" for number in range(1, last))
    lines = [
        context,
        "[ask]",
        f"exten => s,1,Gosub({gosub})",
        " same => n,Set(ASKED=$[${ASKED} + 1])",
        f' same => n,ExecIf($["{answer}" != "${{ARG{last}}}"]?'
        f"UserEvent(AskedWrong,At: {arguments},Said: {answer},Wanted: ${{ARG{last}}}))",
        " same => n,Return()",
        "[ask-all]",
        "exten => s,1,Set(ASKED=0)",
        " same => n,Goto(c0,1)",
    ]
    chunks = [questions[place : place + CHUNK] for place in range(0, len(questions), CHUNK)]
    for number, chunk in enumerate(chunks):
        first, *rest = [f"Gosub(ask,s,1({','.join(one)}))" for one in chunk]
        lines += [f"exten => c{number},1,{first}", *(f" same => n,{one}" for one in rest)]
        lines.append(f" same => n,Goto(c{number + 1},1)")
    lines += [f"exten => c{len(chunks)},1,UserEvent(AskedAll,Count: ${{ASKED}})", " same => n,Hangup()", ""]
    folder = exchange.plan.config_dir
    (folder / "ask.conf").write_text("\n".join(lines))
    dialplan = (folder / "extensions.conf").read_text()
    if "ask.conf" not in dialplan:
        (folder / "extensions.conf").write_text(f'{dialplan}\n#include "ask.conf"\n')
    exchange.console("dialplan reload")
    tap = exchange.tap()
    probe = [("Channel", "Local/s@ask-all/n"), ("Application", "Wait"), ("Data", "100"), ("Async", "true")]
    tap.send([("Action", "Originate"), *probe])
    done = tap.wait_event("UserEvent", 120, UserEvent="AskedAll")
    wrong = [event for event in tap.events("UserEvent") if event.get("UserEvent") == "AskedWrong"]
    exchange.close_taps()
    assert int(done["Count"]) == len(questions)
    return wrong
