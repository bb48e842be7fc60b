"""What the robots say, in the head's own words and, where she likes, in a person's own voice (domain.md §9.2).

* ``tables``   versions of texts, recorded phrases, orders to play or record one by telephone
* ``texts``    the words of a piece, as they are now; changing them
* ``values``   what is filled in that is the same for every call of a service
* ``phrases``  recordings that win over the speech program while the words they say are still the words
* ``calls``    «Позвонить мне» and recording by telephone: asked, claimed, followed
"""
