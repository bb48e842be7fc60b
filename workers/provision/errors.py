"""What provisioning says when it cannot provide."""

from __future__ import annotations


class ProvisionError(Exception):
    """A program could not be provided.

    `sentence` is Russian and meant for the screen; `detail` is English and meant for the log or the administrator
    (the tail of apt's own output, for example).
    """

    def __init__(self, sentence: str, detail: str = "") -> None:
        super().__init__(f"{sentence}\n{detail}" if detail else sentence)
        self.sentence = sentence
        self.detail = detail
