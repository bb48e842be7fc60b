// A list marked data-live follows the others' hands: a claim, a talk, a new call is seen without reloading.
import { listen } from "./bus.js";

const WAIT = 400;
const region = () => document.querySelector("[data-live][id]");
let later = 0;
let heard = 0;

/** Never under a hand: while somebody is in the list with the keyboard it stays as it is. */
const isBusy = (rows) => rows.contains(document.activeElement) && document.activeElement !== document.body;

/** A message that cannot be played: the sentence why, from where the sound should have come. */
async function tellWhy(player) {
  const place = player.nextElementSibling;
  if (!place || place.getAttribute("role") !== "alert") return;
  const answer = await fetch(player.getAttribute("src"), { headers: { Range: "bytes=0-0" } }).catch(() => null);
  const isSentence = answer && !answer.ok && (answer.headers.get("content-type") || "").startsWith("text/plain");
  place.textContent = isSentence ? await answer.text() : "Сообщение не воспроизводится. Обновите страницу.";
}

export function startMissed(htmx) {
  document.addEventListener("error", (event) => {
    if (event.target instanceof HTMLAudioElement) tellWhy(event.target);
  }, true); // errors of players do not rise
  const renew = () => {
    later = 0;
    const rows = region();
    if (!rows || document.hidden) return;
    if (isBusy(rows)) {
      later = setTimeout(renew, 5 * WAIT);
      return;
    }
    htmx.ajax("GET", location.pathname + location.search, { target: `#${rows.id}`, select: `#${rows.id}`, swap: "outerHTML" }).catch(() => {});
  };
  const wish = () => { later ||= setTimeout(renew, WAIT); };
  listen((message) => {
    if (message.kind === "notice") heard = Date.now();
    const rows = region();
    if (!rows) return;
    if (message.kind === "snapshot") wish();
    if (message.kind === "notice" && rows.dataset.live.split(" ").includes(message.notice.kind)) wish();
  });
  // What was heard while a page was on its way may be newer than that page, and what was renewed then went with the old one.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.id === "main" && region() && Date.now() - heard < 5000) wish();
  });
  setInterval(() => { if (region()) wish(); }, 30000); // the clocks go on by themselves
}
