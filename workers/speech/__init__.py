"""The voices with which we speak: engines, the cache of what they have said, recorded phrases (domain.md §9).

* ``port``      what an engine is; `SpeechError`
* ``engines``   RHVoice, festival, espeak-ng; which of them can be had, and which one speaks
* ``cache``     every text spoken once, kept as a file that Asterisk plays
* ``voice``     the door for everybody else: a text in, a file out, recorded phrases first
"""
