// The board: drawn by the server, asked for again after a notice and every few seconds (a wait that has become too long
// says nothing). A monitor on the wall has no live stream and asks more often.
import { listen } from "./bus.js";
import { tick } from "./timers.js";

const SOON = 300; // ms; the feed has spoken since the board was read
const LOST = 10000;
let running = false;
let again = false;
let soon = 0;
let read = Date.now();

const place = () => document.getElementById("board");

function later(wait) {
  soon ||= setTimeout(() => { soon = 0; ask(); }, wait);
}

async function ask() {
  const board = place();
  if (!board) return;
  if (running) {
    again = true;
    return;
  }
  running = true;
  const answer = await fetch(board.dataset.url, { credentials: "same-origin", cache: "no-store" }).catch(() => null);
  if (answer?.ok && !answer.redirected) {
    read = Date.now();
    board.innerHTML = await answer.text();
    tick(board);
    if (board.firstElementChild?.dataset.stale) later(SOON);
  } else if (answer?.status === 401) location.assign("/login");
  const lost = document.getElementById("board-lost");
  if (lost) lost.hidden = Date.now() - read < LOST;
  running = false;
  if (again) {
    again = false;
    later(SOON);
  }
}

export function startWallboard() {
  listen((message) => { if (place() && ["notice", "snapshot"].includes(message.kind)) ask(); });
  let waited = 0;
  setInterval(() => {
    const board = place();
    waited += 1;
    if (!board || waited < Number(board.dataset.poll)) return;
    waited = 0;
    ask();
  }, 1000);
}
