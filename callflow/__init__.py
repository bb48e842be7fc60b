"""What should happen with a call: event → state → decision.

This package is the pure core. It reads no clock, opens nothing and starts nothing: time comes in as an argument, what
is known of the call comes in as a value, and what should be done goes out as a value. So every rule can be read as a
table and tested as one, and the telephone exchange, the database and the screens stay replaceable around it.

::

    Asterisk's words ──► telephony.translate ──► callflow.events       what was seen happening
                                                      │
    the call as recorded (crm.calls) ──────────► callflow.call.apply   what the call is now …
                                                      │
                                                      └──► effects     … and whose screen changes

* ``phone``        a number that people wrote down, as one E.164 number; shown, masked, and why it may not be dialled
* ``caller_id``    the raw SIP From header of a stranger, as a number, a name and a warning (grammar: ``sip_address``)
* ``text``         untrusted text made safe to store and to show; the key by which it is searched
* ``events``       the facts about one call, in the order in which they were seen
* ``call``         the state table ``apply(call, event) -> (call, effects)`` over ``call_record`` and ``effects``
* ``live``         a call as a snapshot of the exchange shows it after a new login
* ``transfer``     a caller is connected with a specialist: the state table of it
* ``identity``     how sure we are who is speaking, and what may be shown or said at that level
* ``names``        a person's name in full, with initials, and as she is addressed
* ``calendar``     hours of a service, the production calendar, working time
* ``spoken_time``  «5 мин назад», «вчера 14:30»
* ``greetings``    what a caller hears: open, break, closed; in words only (``speech``)

Allowed imports: the standard library without its doors to the outside, ``phonenumbers`` and ``holidays``
(``tests/unit/callflow/test_purity.py`` holds it).
"""
