// The board: drawn by the server and pushed as soon as something has changed, to whoever has it before the eyes. Without
// a stream (none in this browser, broken, too many of them) it is asked for every few seconds. Waits tick in timers.js.
import { tick } from "./timers.js";

const SILENT = 20000; // ms; the server speaks at least every 15 s
const LOST = 10000;
const AGAIN = { broken: 5000, "too-many": 60000 };
let stream;
let heard = Date.now();
let next = 0; // when a stream may be opened
let waited = 0;
let running = false;

const place = () => document.getElementById("board");
const isLive = () => stream?.readyState === 1; // EventSource.OPEN

function show(html) {
  const board = place();
  if (!board) return;
  board.innerHTML = html;
  tick(board);
}

function leave(wait = 0) {
  stream?.close();
  stream = undefined;
  next = Date.now() + wait;
}

function follow(address) {
  if (!("EventSource" in window)) return;
  const own = stream = new EventSource(address);
  heard = Date.now();
  own.addEventListener("beat", () => { heard = Date.now(); });
  own.addEventListener("board", (event) => { heard = Date.now(); show(event.data); });
  own.addEventListener("goodbye", (event) => { leave(AGAIN[event.data] ?? AGAIN.broken); ask(); });
  own.addEventListener("error", () => {
    if (own.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    leave(AGAIN.broken);
    ask();
  });
}

async function ask() {
  const board = place();
  if (!board || running) return;
  running = true;
  waited = 0;
  const answer = await fetch(`${board.dataset.url}/board`, { credentials: "same-origin", cache: "no-store" }).catch(() => null);
  const html = answer?.ok && !answer.redirected ? await answer.text().catch(() => null) : null;
  running = false;
  if (answer?.status === 401) location.assign("/login");
  if (html === null || isLive()) return; // what the stream has brought in the meantime is newer
  heard = Date.now();
  show(html);
}

function look() {
  const board = place();
  if (!board || document.hidden) return leave(); // a board that nobody sees is not drawn
  if (stream && Date.now() - heard > SILENT) leave();
  if (!stream && Date.now() >= next) follow(`${board.dataset.url}/live`);
  waited += 1;
  if (!isLive() && waited >= Number(board.dataset.poll)) ask();
  const lost = document.getElementById("board-lost");
  if (lost) lost.hidden = isLive() || Date.now() - heard < LOST;
}

export function startWallboard() {
  setInterval(look, 1000);
  document.addEventListener("visibilitychange", look);
  document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target?.id === "main") look(); });
  look();
}
