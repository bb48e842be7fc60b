"""The robot's talk with a family: a dialogue of `callflow.dialogues` carried out on one channel.

* ``kinds``     the dialogue that belongs to a kind of call
* ``prompts``   the words of a call as files, made ready before the telephone rings and written into the attempt
* ``line``      steps on the wire: sounds played, keys heard, how far the words came
* ``acts``      what a key does to the records
* ``patience``  a transaction that the family does not wait for longer than a few seconds; given up, it changes nothing
* ``notebook``  lines of the story, written by one thread for all talks, so that nobody hears the disk
* ``handler``   one talk from the answer to its end

A hundred talks share this process and SQLite has one writer: nothing is written between two words of a talk but what a
key asks for, and nothing heavy stands before the first word (reliability.md L4).
"""
