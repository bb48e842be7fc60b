"""Written Russian made into words that a voice can say, and the texts that our robots say (domain.md §9). Pure.

* ``numerals``, ``dates``, ``telephones``  figures in words, in the case that the sentence asks for
* ``abbreviations``, ``latin``, ``stress``  what a voice would read wrongly
* ``figures``    figures within a text, found and replaced
* ``speakable``  the whole of it: any text in, only Russian words and pauses out
* ``templates``  texts with variables in braces: filled, checked, measured
* ``pieces``     every piece of S-3, S-4, S-7 and S-8: its default words and what may be filled in
* ``sound``      WAV files as telephones play them
"""

from callflow.speech.speakable import speakable

__all__ = ["speakable"]
