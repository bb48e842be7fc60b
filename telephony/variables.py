"""Every name that Python and the dialplan share, once.

`asterisk-config/` is rendered with these names and the tests read them too, so that a renamed variable fails a test and
not a call.
"""

import re
from typing import Final

# --- channel variables the dialplan sets for us
SD_FROM: Final = "SD_FROM"
"""Raw From header of the INVITE, URI-encoded by the dialplan; `callflow.phone` parses it, nobody else (M8)."""
SD_PAI: Final = "SD_PAI"
"""P-Asserted-Identity, URI-encoded in the same way; empty when the provider sends none."""
SD_DID: Final = "SD_DID"
"""The number of ours that was dialled."""
SD_CALL: Final = "SD_CALL"
"""Linkedid of the call, copied on to Local legs."""
SD_CHAN: Final = "SD_CHAN"
"""Channel name of the caller, for the lookup leg, which runs on a Local channel of its own."""
SD_SERVICE: Final = "SD_SERVICE"
"""Code of the service (queue) that the DID belongs to."""
SD_EXTENSION: Final = "SD_EXTENSION"
"""Inner number a call returns to, or was transferred to."""

# --- channel variables we set for the dialplan
SD_OK: Final = "SD_OK"
"""`1` once an AGI script has come to its own end: AGISTATUS says SUCCESS even after kill -9 (M13)."""
SD_ROUTE: Final = "SD_ROUTE"
SD_PROMPT: Final = "SD_PROMPT"
SD_QUEUE: Final = "SD_QUEUE"

# --- the dialler's order, checked by the dialplan gate (M14)
SD_ATT: Final = "SD_ATT"
SD_NUM: Final = "SD_NUM"
SD_NOT_AFTER: Final = "SD_NOT_AFTER"
SD_N: Final = "SD_N"
SD_KIND: Final = "SD_KIND"
SD_RING: Final = "SD_RING"
"""How long the telephone may ring, in seconds."""
SD_SCENARIO: Final = "SD_SCENARIO"

SD_NORECORD: Final = "SD_NORECORD"
"""`1`: a family known by this number has refused recording once and for all, or an operator has ended the recording of
this call; set by the lookup and by the recordings' clerk, read by sd-record."""
SD_ORDER: Final = "SD_ORDER"
"""Id of the row that asked for this call; the dialplan says it back in its words (`Order:`)."""
OTHER_HALF: Final = "-b"
"""What the second half of an originated Local channel has in its Uniqueid after the first one's; in a call that an
operator makes it stands for the family (sd-outgoing)."""
SD_SPY: Final = "SD_SPY"
"""Uniqueid of the operator's channel that the head of the service listens to (sd-monitor)."""

# --- a transfer, on the caller's channel (SHARED), read by sd-transfer.conf
SD_T_ORDER: Final = "SD_T_ORDER"
SD_T_FROM: Final = "SD_T_FROM"
SD_T_TO: Final = "SD_T_TO"
SD_T_OUT: Final = "SD_T_OUT"
SD_T_JOIN: Final = "SD_T_JOIN"
SD_T_OP: Final = "SD_T_OP"
SD_T_SP: Final = "SD_T_SP"

# --- a townsman's order in demo mode, read by sd-town.conf
SD_TOWN_FROM: Final = "SD_TOWN_FROM"
SD_TOWN_NAME: Final = "SD_TOWN_NAME"
SD_TOWN_TO: Final = "SD_TOWN_TO"
SD_TOWN_SAY: Final = "SD_TOWN_SAY"
SD_TOWN_KEYS: Final = "SD_TOWN_KEYS"
SD_TOWN_HOLD: Final = "SD_TOWN_HOLD"
SD_TOWN_RING: Final = "SD_TOWN_RING"
SD_TOWN_HOURS: Final = "SD_TOWN_HOURS"
"""What time the townsman pretends it to be: open, break or closed."""

# --- contexts
FROM_TRUNK: Final = "from-trunk"
FROM_INTERNAL: Final = "from-internal"
SD_AGI: Final = "sd-agi"
SD_INBOUND: Final = "sd-inbound"
SD_CLOSED: Final = "sd-closed"
SD_OPERATOR: Final = "sd-operator"
SD_RETURN: Final = "sd-return"
SD_TRANSFER: Final = "sd-transfer"
SD_RESCUE: Final = "sd-rescue"
SD_LEG: Final = "sd-leg"
SD_LEG_ANSWERED: Final = "sd-leg-answered"
SD_LEG_END: Final = "sd-leg-end"
SD_DIAL: Final = "sd-dial"
SD_ROBOT: Final = "sd-robot"
SD_SWITCH: Final = "sd-switch"
SD_ROBOT_END: Final = "sd-robot-end"
SD_OUTGOING: Final = "sd-outgoing"
SD_OUTGOING_CALL: Final = "sd-outgoing-call"
SD_RECORD: Final = "sd-record"
SD_MONITOR: Final = "sd-monitor"
SD_SPEECH: Final = "sd-speech"
TOWN: Final = "town"
TOWN_OUT: Final = "town-out"

ORIGINATE_CONTEXTS: Final = frozenset(
    {
        SD_DIAL,
        SD_ROBOT,
        SD_SWITCH,
        SD_OPERATOR,
        SD_RETURN,
        SD_OUTGOING,
        SD_OUTGOING_CALL,
        FROM_INTERNAL,
        TOWN,
        TOWN_OUT,
        SD_MONITOR,
        SD_SPEECH,
    }
)
"""Contexts a `Local/` channel may be originated into; anything else would be any dialplan on the machine (M16)."""

# --- events
RETURNING_EVENT: Final = "SDReturning"
"""UserEvent of the dialplan when a transferred caller comes back to the operator."""
CALLER_EVENT: Final = "SDCaller"
"""UserEvent of a call that has just come in: its raw From and P-Asserted-Identity, URI-encoded."""
ENDED_EVENT: Final = "SDEnded"
"""UserEvent of whom the robot had called and who became a caller (sd-robot): he is gone; `Cause`, Q.850."""
LEG_EVENT: Final = "SDLeg"
"""UserEvent of a phone that is rung without a queue (a return, a rescue); `State`: ringing, answered or missed."""
WORD_EVENT: Final = "SDWord"
"""UserEvent of our dialplan about an order of ours, or about what a caller chose: `telephony.dialplan_words`."""

AMI_EVENTS: Final = frozenset(
    {
        "Newchannel",
        "Hangup",
        "Hold",
        "Unhold",
        "UserEvent",
        "OriginateResponse",
        "QueueCallerJoin",
        "QueueCallerLeave",
        "QueueCallerAbandon",
        "QueueMemberPause",
        "QueueMemberStatus",
        "AgentCalled",
        "AgentConnect",
        "AgentRingNoAnswer",
        "AgentComplete",
        "DeviceStateChange",
        "FullyBooted",
        "Shutdown",
    }
)
"""What we listen to. Asterisk is asked for nothing else (`eventfilter`), for it says about fifty things per call."""

# --- what may leave
VARIABLE_NAMES: Final = frozenset(
    {
        SD_FROM,
        SD_PAI,
        SD_DID,
        SD_CALL,
        SD_CHAN,
        SD_SERVICE,
        SD_EXTENSION,
        SD_OK,
        SD_ROUTE,
        SD_PROMPT,
        SD_QUEUE,
        SD_ATT,
        SD_NUM,
        SD_NOT_AFTER,
        SD_KIND,
        SD_RING,
        SD_SCENARIO,
        SD_NORECORD,
        SD_ORDER,
        SD_SPY,
        SD_TOWN_FROM,
        SD_TOWN_NAME,
        SD_TOWN_TO,
        SD_TOWN_SAY,
        SD_TOWN_KEYS,
        SD_TOWN_HOLD,
        SD_TOWN_RING,
        SD_TOWN_HOURS,
    }
)
"""Names that a `Variable:` header or an AGI SET VARIABLE may carry. `FILE(/x)=y` there writes a file (M6)."""

SHARED_NOTES: Final = frozenset(
    f"SHARED({name})" for name in (SD_T_ORDER, SD_T_FROM, SD_T_TO, SD_T_OUT, SD_T_JOIN, SD_T_OP, SD_T_SP, SD_NORECORD)
)
"""What a clerk may write on a caller's channel for the dialplan to read."""

GATE_NOTES: Final = re.compile(r"DB_DELETE\(sd/att-[0-9a-f]{32}\)")
"""What `telephony.dial_orders` may do in Asterisk's own database: away with an old note of the gate."""

RECEIVED_STREAM: Final = "CHANNEL(rtcp,remote_ssrc)"
"""Whose sound a telephone's channel gets: another number, another beginning (workers.recording_streams)."""

SETTABLE_FUNCTIONS: Final = frozenset({"CHANNEL(language)"})
"""Dialplan functions an AGI script may set."""

READABLE_VARIABLES: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|CHANNEL\([a-z_,]+\)|CALLERID\([a-z-]+\)")
"""What GET VARIABLE may ask for: a plain name or two harmless functions, never SHELL() or FILE()."""

AGI_APPLICATIONS: Final = frozenset(
    {
        "Answer",
        "Background",
        "MixMonitor",
        "Playback",
        "Playtones",
        "Progress",
        "Ringing",
        "SayDigits",
        "SayNumber",
        "StopMixMonitor",
        "StopPlaytones",
        "Wait",
    }
)
"""Applications a script may EXEC; System, Exec, TrySystem and the like are not among them."""


def is_variable_name(name: str) -> bool:
    """Whether `name` may be set on a channel; `_`/`__` (inherited by Local legs) is allowed before a listed name."""
    if name in SHARED_NOTES or name == RECEIVED_STREAM or GATE_NOTES.fullmatch(name):
        return True
    return name.removeprefix("_").removeprefix("_") in VARIABLE_NAMES
