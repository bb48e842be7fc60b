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

export function startTransfers() {
  listen((message) => {
    if (message.kind !== "phone") return;
    held = Boolean(message.held);
    release();
  });
  document.addEventListener("htmx:oobAfterSwap", release);
  document.addEventListener("htmx:afterSettle", release);
}
