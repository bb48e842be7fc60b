"""A caller is connected with a specialist, and his card goes with him (domain.md A-24; anchors.md ideas 1 and 24).

* ``asking``        the operator asks for it, changes her mind, takes the caller back; the specialist answers her packet
* ``packets``       what the specialist reads before she answers
* ``following``     what the dialplan says, into rows; who talks now follows from it
* ``holding``       whether an operator's talk goes on although her channel has left the caller's
* ``participants``  everybody who took part in a call
* ``reading``       what the screens show

The row is written first, then the listener's clerk (``workers.transfers``) acts, then the exchange tells what became of
it; the state table is ``callflow.transfer``.
"""
