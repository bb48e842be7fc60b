"""The three engines, and which of them speaks: the best that this machine has or may fetch (design.md §3).

RHVoice with the voice elena (GPL-3; Debian's `rhvoice` and `rhvoice-russian` from non-free, whose other voices are left
away: some may not be used by an institution), then festival with `festvox-ru`, then espeak-ng. Each is the machine's
own program, or one in a private tree without root; festival is fetched only where somebody wants it by name, for its
voice takes 300 MB on the disk and 500 MB of memory.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from callflow.speech.speakable import SAID
from callflow.speech.stress import stressed, unstressed
from workers.provision.debian_tree import Tree, ensure_tree, known_tree
from workers.provision.errors import ProvisionError
from workers.provision.private_apt import Progress
from workers.provision.speech import SpeechProgram, find_speech, known_speech
from workers.speech.port import Speech, SpeechError, heard, run

AUTO = "auto"
ORDER = ("rhvoice", "festival", "espeak-ng")
FETCHED = ("rhvoice", "espeak-ng")
"""Engines that are fetched without being asked for by name."""
RHVOICE_PACKAGES = ("rhvoice", "rhvoice-russian")
FESTIVAL_PACKAGES = ("festival", "festvox-ru")
VOICE = "elena"
FESTIVAL_VOICE = "voice_msu_ru_nsh_clunits"


@dataclass(frozen=True)
class RHVoice:
    """RHVoice; `data` is None for the machine's own, which knows where its voices are."""

    program: SpeechProgram
    voice: str = VOICE
    version: str = ""
    title = "RHVoice, голос «Елена»"

    @property
    def name(self) -> str:
        """See `Speech`."""
        return f"rhvoice:{self.voice}:{self.version}"

    def say(self, text: str) -> bytes:
        """See `Speech`. The text is never taken for SSML: that needs an option."""
        with tempfile.TemporaryDirectory(prefix="speech-") as folder:
            out = Path(folder) / "out.wav"
            run([*self.program.command, "-p", self.voice, "-o", str(out)], stressed(text), self.program.env)
            return heard(_read(out))


@dataclass(frozen=True)
class Festival:
    """festival with the Russian voice of Moscow State University; `library` its folder of Scheme files."""

    program: SpeechProgram
    library: Path
    version: str = ""
    title = "festival, мужской голос"

    @property
    def name(self) -> str:
        """See `Speech`."""
        return f"festival:msu_ru_nsh:{self.version}"

    def say(self, text: str) -> bytes:
        """See `Speech`. The text stands in a Scheme string: only what `speakable` lets through may be in it."""
        words = unstressed(text)
        if not SAID.fullmatch(words):
            raise SpeechError("not speakable")
        with tempfile.TemporaryDirectory(prefix="speech-") as folder:
            out, orders = Path(folder) / "out.wav", Path(folder) / "say.scm"
            orders.write_text(self._orders(words.replace("—", "-"), out))
            run([*self.program.command, "--libdir", str(self.library), "-q", "-b", str(orders)], "", self.program.env)
            return heard(_read(out))

    def _orders(self, words: str, out: Path) -> str:
        """-q and the first four lines: Debian's festival looks for its library at one place only."""
        library, settings = self.library, self.library.parents[2] / "etc"
        return (
            f'(set! libdir "{library}") (set! datadir "{library}") (set! sysconfdir "{settings}")\n'
            f'(set! load-path \'("{library}"))\n'
            f'(load "{library}/init.scm")\n'
            f"({FESTIVAL_VOICE})\n"
            f'(utt.save.wave (SynthText "{words}") "{out}" (quote riff))\n'
        )


@dataclass(frozen=True)
class Espeak:
    """espeak-ng: robotic, but small, quick and always to be had."""

    program: SpeechProgram
    version: str = ""
    title = "espeak-ng"

    @property
    def name(self) -> str:
        """See `Speech`."""
        return f"espeak-ng:ru:{self.version}"

    def say(self, text: str) -> bytes:
        """See `Speech`. `--stdin` without `-m`: no markup is understood."""
        command = [*self.program.command, "-v", "ru", "-s", "150", "--stdin", "--stdout"]
        return heard(run(command, stressed(text), self.program.env))


@dataclass(frozen=True)
class Choice:
    """Which engine speaks, and a sentence for those that were wanted and could not be had."""

    speech: Speech
    lacking: tuple[str, ...] = ()


def present(wish: str, cache: Path) -> Speech | None:
    """The best engine that is there already, without any network; None where there is none.

    `wish` is "auto" or an engine's name; a named one that is not there is stood in for by the others.
    """
    for name in _order(wish):
        if engine := _FIND[name](cache, None):
            return engine
    return None


def fetch(wish: str, cache: Path, progress: Progress) -> Choice:
    """The best engine that can be had, fetched if need be. Raises ProvisionError where there is none at all."""
    lacking: list[str] = []
    last: ProvisionError | None = None
    for name in _order(wish):
        wanted = name in FETCHED or name == wish
        try:
            if engine := _FIND[name](cache, progress if wanted else None):
                return Choice(engine, tuple(lacking))
        except ProvisionError as error:
            lacking.append(error.sentence)
            last = error
    raise last or ProvisionError("Ни одного голоса нет. Установите espeak-ng или rhvoice.", "no engine")


def _order(wish: str) -> Sequence[str]:
    return ORDER if wish == AUTO else tuple(dict.fromkeys((wish, *ORDER)))


def _rhvoice(cache: Path, progress: Progress | None) -> Speech | None:
    own = shutil.which("RHVoice-test")
    if own and any(Path(base, "RHVoice/voices", VOICE).is_dir() for base in ("/usr/share", "/usr/local/share")):
        return RHVoice(SpeechProgram([own]), version="own")
    tree = _tree("rhvoice", RHVOICE_PACKAGES, "голос RHVoice", cache, progress)
    if tree is None:
        return None
    env = {
        **tree.env(),
        "RHVOICE_DATA_PATH": str(tree.path("/usr/share/RHVoice")),
        "RHVOICE_CONFIG_PATH": str(tree.path("/etc/RHVoice")),
    }
    return RHVoice(SpeechProgram(tree.command("/usr/bin/RHVoice-test"), env), version=tree.versions.get("rhvoice", ""))


def _festival(cache: Path, progress: Progress | None) -> Speech | None:
    own, library = shutil.which("festival"), Path("/usr/share/festival")
    if own and (library / "voices/russian").is_dir():
        return Festival(SpeechProgram([own]), library, version="own")
    tree = _tree("festival", FESTIVAL_PACKAGES, "голос festival", cache, progress)
    if tree is None:
        return None
    program = SpeechProgram(tree.command("/usr/bin/festival"), tree.env())
    return Festival(program, tree.path("/usr/share/festival"), version=tree.versions.get("festival", ""))


def _espeak(cache: Path, progress: Progress | None) -> Speech | None:
    program = known_speech(cache) if progress is None else find_speech(cache, progress)
    return Espeak(program) if program else None


def _tree(name: str, packages: Sequence[str], what: str, cache: Path, progress: Progress | None) -> Tree | None:
    if progress is None:
        return known_tree(name, packages, suite=None, cache=cache)
    rhvoice = name == "rhvoice"
    finish = _leave_one_voice if rhvoice else None
    return ensure_tree(
        name, packages, suite=None, cache=cache, progress=progress, what=what, finish=finish, nonfree=rhvoice
    )


def _leave_one_voice(root: Path) -> None:
    for voice in (root / "usr/share/RHVoice/voices").iterdir():
        if voice.name != VOICE:
            shutil.rmtree(voice)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SpeechError("nothing written") from error


_FIND: dict[str, Callable[[Path, Progress | None], Speech | None]] = {
    "rhvoice": _rhvoice,
    "festival": _festival,
    "espeak-ng": _espeak,
}

__all__ = ["AUTO", "ORDER", "Choice", "Espeak", "Festival", "RHVoice", "fetch", "present"]
