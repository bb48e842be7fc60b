"""Composing what the exchange is asked and told of a recorded talk: whose sound a leg gets, and to go on anew."""

from telephony.transfer_actions import Action, checked_channel
from telephony.variables import RECEIVED_STREAM


def compose_stream_of(channel: str) -> Action:
    """Ask for the SSRC of what this telephone sends; "0": nothing yet. Raises UnsafeValue."""
    return [("Action", "Getvar"), ("Channel", checked_channel(channel)), ("Variable", RECEIVED_STREAM)]


def compose_again(recorded: str) -> Action:
    """Have this channel's recording go on anew in the same file: its own key, as if received (features.conf). Raises
    UnsafeValue."""
    channel = ("Channel", checked_channel(recorded))
    return [("Action", "PlayDTMF"), channel, ("Digit", "D"), ("Duration", "60"), ("Receive", "true")]
