// Who pressed «Удержать» before «Соединить» would be dumb for the specialist: the browser phone comes off hold once.
import { announce, listen } from "./bus.js";

const done = new Set();
let held = false;

function release() {
  const transfer = document.querySelector("[data-transfer]")?.dataset.transfer;
  if (!held || !transfer || done.has(transfer)) return;
  done.add(transfer);
  announce({ kind: "phone-do", action: "unhold" });
}

// The caller has hung up while she was choosing whom to connect him with: there is nobody to connect any more.
function noticeEnd() {
  const form = document.querySelector("[data-connect]");
  const mark = document.getElementById("call-mark");
  if (!form || !mark || mark.dataset.state === "talking") return;
  for (const button of form.querySelectorAll("button")) button.disabled = true;
  document.querySelector("[data-connect-over]").hidden = false;
}

export function startTransfers() {
  listen((message) => {
    if (message.kind !== "phone") return;
    held = Boolean(message.held);
    release();
  });
  for (const settled of ["htmx:oobAfterSwap", "htmx:afterSettle"]) {
    document.addEventListener(settled, release);
    document.addEventListener(settled, noticeEnd);
  }
}
