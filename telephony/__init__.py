"""Asterisk's words, and only they.

Whoever wants to hear what the exchange is doing, or tell it what to do, comes here; whoever wants to know what a call
*means* goes to `callflow`, and whoever wants to remember it goes to `crm`, which this package never sees.

    Asterisk ──AMI──► connection ─► ami.AmiSession ─► translate ─► callflow.events
             ◄─────── wire.compose_action ◄─ originate, actions
             ──AGI──► fastagi.FastAgiServer ─► agi.AgiSession ─► a dialogue of callflow, driven by workers
             ──file─► queue_log, cdr_csv        what happened while nobody listened

Read in this order: `variables` (every name shared with the dialplan), `wire` (bytes to messages and back), `link`
(the state of the connection), `connection` and `ami` (one connection; a session that outlives connections), `snapshot`,
`translate`, then `agi_wire`, `agi` and `fastagi`.

pyst2 (package `asterisk`) supplies the vocabulary of actions and verbs; its wire layer is replaced, because it hangs,
mixes up answers and lets line breaks through. Each of its defects is a named test in `tests/integration/telephony`.

No name and no number of a person is ever put into a log line or a `repr` here.
"""
