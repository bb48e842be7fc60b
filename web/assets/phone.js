// The telephone in the page (loaded in the leading tab only). A page that is refreshed or closed in mid-talk says so
// (Q.850 cause 44: this channel is gone, the talk is not over), and the exchange rings the same operator again, marked as
// a return, which the new page answers by itself. A crashed page says nothing: the exchange hears the silence instead.
import JsSIP from "jssip";
import { announce, listen } from "./bus.js";
import { post } from "./navigation.js";
import { stopRinging } from "./sound.js";

const RETRY = [1000, 2000, 3000, 5000, 8000, 13000, 20000, 30000]; // ms; the exchange needs a moment to learn a new secret
const LOST = { extraHeaders: ["Reason: Q.850;cause=44"] }; // this channel is gone, the talk is not over
const MOST_GLARES = 10;
const RENEW = 0.8; // of the secret's lifetime

let agent;
let socket;
let call;
let wanted = true; // false: she answers at a desk phone
let wantsHold = false;
let attempt = 0;
let renewTimer;
let retryTimer;
let face = { state: "connecting", muted: false, held: false, extension: "" };

export const microphone = () => {
  const device = localStorage.getItem("fd-microphone");
  return { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...(device ? { deviceId: { ideal: device } } : {}) };
};

function show(change) {
  face = { ...face, ...change };
  announce({ kind: "phone", ...face });
}

async function audioDenied() {
  if (!navigator.mediaDevices) return "insecure";
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: microphone() });
    stream.getTracks().forEach((track) => track.stop());
    return "";
  } catch (error) {
    return ["NotFoundError", "OverconstrainedError"].includes(error.name) ? "missing" : error.name === "NotReadableError" ? "busy" : "refused";
  }
}

function later() {
  clearTimeout(retryTimer);
  const wait = RETRY[Math.min(attempt, RETRY.length - 1)];
  attempt += 1;
  retryTimer = setTimeout(connect, wait * (0.8 + 0.4 * Math.random()));
}

export async function connect() {
  clearTimeout(retryTimer);
  if (call) return; // never under a conversation
  const problem = await audioDenied();
  if (!wanted) return; // she chose the desk phone meanwhile
  if (problem) {
    show({ state: "no-microphone", problem });
    later();
    return;
  }
  show({ state: "connecting", problem: "" });
  let credential;
  try {
    const response = await post("/phone/credential", {});
    if (response.status === 401 || !wanted) return;
    if (response.status === 404 || response.status === 409) {
      show({ state: "desk", extension: "" });
      return;
    }
    if (!response.ok) throw new Error(String(response.status));
    credential = await response.json();
  } catch {
    if (wanted) later();
    return;
  }
  if (!wanted) return;
  stop();
  const host = new URL(credential.url).hostname;
  socket = new JsSIP.WebSocketInterface(credential.url);
  agent = new JsSIP.UA({
    sockets: [socket],
    uri: `sip:${credential.user}@${host}`,
    authorization_user: credential.user,
    password: credential.secret,
    realm: credential.realm,
    display_name: credential.extension,
    register: true,
    register_expires: 60,
    session_timers: false,
    no_answer_timeout: 120,
    connection_recovery_min_interval: 1,
    connection_recovery_max_interval: 8,
    user_agent: "family-dispatch",
  });
  show({ extension: credential.extension });
  const mine = agent;
  agent.on("registered", () => {
    if (mine !== agent) return;
    attempt = 0;
    show({ state: call ? face.state : "ready" });
  });
  agent.on("registrationFailed", () => { if (mine === agent && !call) { show({ state: "connecting" }); later(); } });
  agent.on("disconnected", () => { if (mine === agent && !call) show({ state: "connecting" }); });
  agent.on("newRTCSession", ({ originator, session, request }) => { if (originator === "remote") incoming(session, request); });
  agent.start();
  clearTimeout(renewTimer);
  renewTimer = setTimeout(function renew() {
    if (call) renewTimer = setTimeout(renew, 60000);
    else connect();
  }, Math.min(2 ** 31 - 1, Math.max(60000, (credential.expires_at - Date.now()) * RENEW)));
}

function stop() {
  if (!agent) return;
  const old = agent;
  agent = null;
  try { old.stop(); } catch { /* a socket that is already gone */ }
}

function incoming(session, request) {
  // The exchange rings only who is free for it: while it does, a talk whose sound is gone is a talk of the past.
  if (call?.isEstablished() && call.connection?.connectionState !== "connected") drop(call);
  if (call) {
    session.terminate({ status_code: 486 });
    return;
  }
  call = session;
  outliveGlare(session);
  wantsHold = false;
  // Its owner has asked for this call, or is in the middle of it.
  const wantedByHer = request.getHeader("SD-Outgoing") === "1";
  const returned = wantedByHer || request.getHeader("SD-Return") === "1" || /SD-Return/i.test(request.getHeader("Alert-Info") ?? "");
  show({ state: "ringing", muted: false, held: false });
  session.on("accepted", () => { stopRinging(); show({ state: "talking" }); });
  session.on("confirmed", () => show({ state: "talking" }));
  session.on("hold", () => show({ held: true }));
  session.on("unhold", () => show({ held: false }));
  session.on("muted", () => show({ muted: true }));
  session.on("unmuted", () => show({ muted: false }));
  session.on("getusermediafailed", async () => show({ problem: (await audioDenied()) || "refused" }));
  for (const end of ["ended", "failed"]) session.on(end, () => finished(session));
  session.on("peerconnection", ({ peerconnection }) => { hear(peerconnection); watch(session, peerconnection); });
  if (session.connection) { hear(session.connection); watch(session, session.connection); }
  if (returned) answer();
}

// «Удержать» at the moment when the exchange itself changes the session (a transfer): each refuses the other's re-INVITE
// (491; 500 while one is being answered), and whoever refused is asked again a moment later (RFC 3261, 14.1 and 14.2).
// JsSIP would end the talk instead.
function outliveGlare(session) {
  const send = session._sendReinvite.bind(session);
  session._sendReinvite = (options = {}, tries = 0) => {
    const { failed, ...handlers } = options.eventHandlers ?? {};
    handlers.failed = (response) => {
      if (![491, 500].includes(response?.status_code) || tries === MOST_GLARES) failed?.(response);
      else setTimeout(() => session.isEstablished() && session._sendReinvite(options, tries + 1), Math.random() * 2000);
    };
    send({ ...options, eventHandlers: handlers });
  };
}

// An exchange that was killed says no BYE: the talk is over when its sound is. Longer than the exchange itself waits for
// a silent page (4 s), so a short gap in the network ends nothing here first.
function watch(session, connection) {
  let timer;
  connection.addEventListener("connectionstatechange", () => {
    clearTimeout(timer);
    const state = connection.connectionState;
    if (state === "failed") drop(session);
    if (state === "disconnected") timer = setTimeout(() => drop(session), 2000);
  });
}

function drop(session) {
  if (call !== session) return;
  try { session.terminate(LOST); } catch { /* it had not begun */ }
  finished(session);
}

function hear(connection) {
  connection.addEventListener("track", (event) => {
    const speaker = document.getElementById("remote-audio");
    speaker.srcObject = event.streams[0] ?? new MediaStream([event.track]);
    const device = localStorage.getItem("fd-speaker");
    if (device && speaker.setSinkId) speaker.setSinkId(device).catch(() => {});
    speaker.play().catch(() => announce({ kind: "phone-note", text: "Браузер не дал включить звук: щёлкните в любом месте страницы." }));
  });
}

function finished(session) {
  if (call !== session) return;
  call = undefined;
  const speaker = document.getElementById("remote-audio");
  speaker.srcObject = null;
  show({ state: agent?.isRegistered() ? "ready" : "connecting", muted: false, held: false });
  if (!agent?.isRegistered()) connect();
}

function answer() {
  if (!call || call.isEstablished() || call.isInProgress() === false) return;
  call.answer({ mediaConstraints: { audio: microphone(), video: false }, pcConfig: { iceServers: [] }, rtcOfferConstraints: { offerToReceiveAudio: true } });
}

// A second press may come while the exchange has not answered the first: the last wish wins, as soon as it can be sent.
function settleHold() {
  if (!call?.isEstablished() || call.isOnHold().local === wantsHold) return;
  const sent = wantsHold ? call.hold({}, settleHold) : call.unhold({}, settleHold);
  if (!sent) setTimeout(settleHold, 150);
}

const ACTIONS = {
  answer,
  hangup: () => call?.terminate(call.isEstablished() ? {} : { status_code: 480 }),
  hold: () => {
    if (!call?.isEstablished()) return;
    wantsHold = !wantsHold;
    settleHold();
  },
  unhold: () => {
    if (!call?.isEstablished() || !wantsHold) return;
    wantsHold = false;
    settleHold();
  },
  mute: () => (call?.isMuted().audio ? call.unmute({ audio: true }) : call?.mute({ audio: true })),
  dtmf: (key) => call?.isEstablished() && call.sendDTMF(key, { transportType: "RFC2833", duration: 100, interToneGap: 70 }),
  off: () => { wanted = false; clearTimeout(retryTimer); clearTimeout(renewTimer); stop(); show({ state: "off" }); },
  on: () => { wanted = true; connect(); },
  tell: () => show({}),
};

/** The operator answers at a desk phone: do nothing until she says otherwise on /me. */
export function listenOnly() {
  listenToOrders();
  show({ state: "off" });
}

function listenToOrders() {
  listen((message) => { if (message.kind === "phone-do") ACTIONS[message.action]?.(message.key); });
}

export function startPhone() {
  listenToOrders();
  window.addEventListener("beforeunload", (event) => {
    if (call?.isEstablished()) {
      event.preventDefault();
      event.returnValue = "";
    }
  });
  window.addEventListener("pagehide", () => {
    if (!call?.isEstablished()) return;
    call.terminate(LOST);
    socket.disconnect(); // at once, so that the exchange rings the next page and not this one
  });
  navigator.mediaDevices?.addEventListener("devicechange", () => { if (face.state === "no-microphone") connect(); });
  connect();
}
