"""What Asterisk loads, in this order (modules.conf has autoload=no). Every one is in Debian's Asterisk 16 to 22."""

from typing import Final

_RESOURCES = """
res_crypto res_sorcery_config res_sorcery_memory res_sorcery_astdb res_timing_timerfd res_http_websocket
res_speech res_agi res_musiconhold res_srtp res_rtp_asterisk res_pjproject res_manager_devicestate
"""
_SIP = """
res_pjsip res_pjsip_session res_pjsip_sdp_rtp res_pjsip_caller_id res_pjsip_header_funcs res_pjsip_rfc3326 res_pjsip_nat
res_pjsip_dtmf_info res_pjsip_refer res_pjsip_registrar res_pjsip_pubsub res_pjsip_authenticator_digest
res_pjsip_outbound_authenticator_digest res_pjsip_outbound_registration res_pjsip_endpoint_identifier_ip
res_pjsip_endpoint_identifier_user res_pjsip_transport_websocket res_pjsip_dlg_options chan_pjsip
"""
_MEDIA = """
codec_alaw codec_ulaw codec_a_mu codec_resample format_pcm format_wav format_gsm codec_gsm format_sln
bridge_simple bridge_softmix bridge_holding bridge_builtin_features
"""
# Not bridge_native_rtp: it passes packets by whoever records or listens, and changes over in mid-talk when one comes
# or goes; a recorder begun then missed a voice in every other talk (22.10: tried).
_FUNCTIONS = """
func_callerid func_cdr func_channel func_cut func_db func_devstate func_global func_groupcount func_hangupcause
func_lock func_logic func_math func_strings func_timeout func_uri func_pjsip_aor func_pjsip_contact
func_pjsip_endpoint func_sprintf
"""
_APPLICATIONS = """
app_cdr app_dial app_echo app_exec app_mixmonitor app_playback app_playtones app_queue app_read app_record app_senddtmf
app_stack app_userevent app_verbose app_while app_softhangup app_confbridge app_bridgewait app_chanspy
"""
MODULES: Final = tuple(
    f"{_RESOURCES} {_SIP} {_MEDIA} {_FUNCTIONS} {_APPLICATIONS} cdr_csv pbx_config".split(),
)
