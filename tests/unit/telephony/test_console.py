"""The private exchange's console, with a stand-in for its program."""

import sys

import pytest

from telephony.console import Console, ConsoleCommand, ConsoleError


def console(script: str, timeout: float = 5.0) -> Console:
    return Console([sys.executable, "-c", script], timeout)


def test_the_command_is_one_argument_after_rx() -> None:
    assert console("import sys; print(sys.argv[1:])").run("module reload res_pjsip.so") == (
        "['-rx', 'module reload res_pjsip.so']\n"
    )


def test_active_calls_are_counted() -> None:
    assert console("print('4 active channels\\n2 active calls\\n17 calls processed')").active_calls() == 2
    assert console("print('1 active channel\\n1 active call')").active_calls() == 1


def test_a_console_that_hangs_has_an_end() -> None:
    with pytest.raises(ConsoleError, match="did not answer"):
        console("import time; time.sleep(30)", timeout=0.2).run(ConsoleCommand.COUNT_CHANNELS)


def test_an_exchange_that_does_not_run_and_a_program_that_is_not_there_are_told() -> None:
    with pytest.raises(ConsoleError, match="not running"):
        console("raise SystemExit(1)").run(ConsoleCommand.STOP_NOW)
    with pytest.raises(ConsoleError, match="cannot be run"):
        Console(["/nonexistent/asterisk"]).run(ConsoleCommand.STOP_NOW)
    with pytest.raises(ConsoleError, match="how many"):
        console("print('?')").active_calls()


@pytest.mark.parametrize(
    "words", ["core restart now", "module reload x; core stop now", "!id", "dialplan reload\n!id", ""]
)
def test_words_outside_the_list_are_refused(words: str) -> None:
    with pytest.raises(ValueError, match="ConsoleCommand"):
        console("print('said')").run(words)


def test_the_environment_of_the_exchange_is_passed_on() -> None:
    other = Console([sys.executable, "-c", "import os; print(os.environ['SD_X'])"], env={"SD_X": "1"})
    assert other.run("dialplan reload") == "1\n"
