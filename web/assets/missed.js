// The list of those to be called back follows the others' hands: a claim, a talk, a new call is seen without reloading.
import { listen } from "./bus.js";

const WAIT = 400;
const ID = "missed-rows";
let later = 0;

/** Never under a hand: while somebody is in the list with the keyboard it stays as it is. */
const isBusy = (rows) => rows.contains(document.activeElement) && document.activeElement !== document.body;

export function startMissed(htmx) {
  const renew = () => {
    later = 0;
    const rows = document.getElementById(ID);
    if (!rows || document.hidden) return;
    if (isBusy(rows)) {
      later = setTimeout(renew, 5 * WAIT);
      return;
    }
    htmx.ajax("GET", location.pathname + location.search, { target: `#${ID}`, select: `#${ID}`, swap: "outerHTML" }).catch(() => {});
  };
  const wish = () => { later ||= setTimeout(renew, WAIT); };
  listen((message) => {
    const rows = document.getElementById(ID);
    if (!rows) return;
    if (message.kind === "snapshot") wish();
    if (message.kind === "notice" && rows.dataset.live.split(" ").includes(message.notice.kind)) wish();
  });
  setInterval(() => { if (document.getElementById(ID)) wish(); }, 30000); // the clocks go on by themselves
}
