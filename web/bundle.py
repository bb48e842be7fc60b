"""The files that esbuild made (web/assets/build.mjs): found by their manifest, served under hashed names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from markupsafe import Markup

BUILD = Path(__file__).parent / "static" / "build"
URL = "/static/build"


class Bundle:
    """Names and icons of one build. Without a build the pages still open, plain, and say what to run."""

    def __init__(self, folder: Path = BUILD) -> None:
        manifest = folder / "manifest.json"
        self.is_built = manifest.exists()
        known: dict[str, Any] = json.loads(manifest.read_text("utf-8")) if self.is_built else {"files": {}, "icons": {}}
        self._files: dict[str, str] = known["files"]
        self._icons: dict[str, str] = known["icons"]

    def url(self, name: str) -> str:
        """The address of `app.js` or `app.css`."""
        return f"{URL}/{self._files.get(name, 'not-built')}"

    def icon(self, name: str) -> Markup:
        """A drawing for the eye only: the words beside it carry the meaning."""
        if self.is_built and name not in self._icons:
            raise KeyError(f"icon {name} is not in web/assets/icons.txt")
        return Markup(  # noqa: S704 - the drawings come from our own build
            '<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round"'
            f' stroke-linejoin="round" aria-hidden="true" focusable="false">{self._icons.get(name, "")}</svg>'
        )
