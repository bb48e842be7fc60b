// Asks for the parts of the page and puts in only those that differ. A form with unsaved words is never taken away.
import { hasUnsaved, takeStored } from "./forms.js";
import { noticeCall } from "./attention.js";

// Who waits and who is ready may be told a moment later, all at once: a ringing card never stands behind them.
const CAN_WAIT = new Set(["queue", "missed", "tip", "presence", "phone", "link", "dial"]);
const WAIT = 300;

let running = false;
let again = false;
let later = 0;
const changed = new Set(); // kinds of notices since the parts were asked for last
let ask = () => {};

export function refresh(kind) {
  if (!document.getElementById("parts")) return; // the wallboard alone on its screen: web/assets/wallboard.js follows it
  changed.add(kind);
  if (CAN_WAIT.has(kind)) later ||= setTimeout(now, WAIT);
  else now();
}

function now() {
  clearTimeout(later);
  later = 0;
  if (running) {
    again = true;
    return;
  }
  running = true;
  const queueOnly = [...changed].every((kind) => kind === "queue");
  changed.clear();
  ask(queueOnly ? "queue" : "all");
}

function done() {
  running = false;
  noticeCall();
  if (!again) return;
  again = false;
  now();
}

const busyWith = (part) => {
  const field = document.activeElement;
  return part.contains(field) && field.matches("input:not([type=radio]):not([type=checkbox]), textarea, select") && part.dataset.hold !== undefined;
};

export function mayReplace(current, incoming) {
  // What was just sent comes back refused, word for word and with the reasons: nothing is lost by showing it.
  if (incoming.dataset.force && incoming.querySelector("[aria-invalid=true]")) return true;
  if (current.dataset.version === incoming.dataset.version) return false;
  if (current.dataset.subject !== incoming.dataset.subject) return true; // another call, another card: always
  if (busyWith(current)) return false;
  return ![...current.querySelectorAll("form[data-draft]")].some(hasUnsaved);
}

export function startRefresh(htmx) {
  ask = (of) => {
    const at = document.querySelector(".workplace") ? "workplace" : document.getElementById("part-packet")?.dataset.subject ?? "page";
    htmx.ajax("GET", `/parts?at=${at}&of=${of}`, { source: "#parts", target: "#parts", swap: "none" }).catch(() => {}).finally(done);
  };
  // The workplace was left while its parts were on the way: they have no place on another page.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const asked = event.detail.requestConfig?.path ?? "";
    if (asked.startsWith("/parts?at=workplace") && !document.querySelector(".workplace")) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const current = event.detail.target;
    const incoming = event.detail.fragment.firstElementChild ?? event.detail.fragment;
    if (current.id === "part-call" && current.dataset.subject !== incoming.dataset.subject) {
      document.getElementById("booking")?.replaceChildren(); // one family's appointment is not read to the next
    }
    if (current.dataset.version === undefined || mayReplace(current, incoming)) return;
    event.detail.shouldSwap = false;
    for (const form of current.querySelectorAll("form[data-draft]")) {
      const stored = incoming.querySelector(`form[data-draft="${form.dataset.draft}"]`);
      if (stored) takeStored(form, stored);
    }
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    noticeCall();
    if (event.detail.target?.id === "main") refresh(); // another page: the strip of a call belongs there, or no longer
  });
  // Without news the truth still wins: the page looks by itself twice a minute (a lost notice costs no more than that).
  setInterval(() => { if (!document.hidden) refresh(); }, 30000);
  noticeCall();
}
