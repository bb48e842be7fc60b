// One tab of the browser leads: it alone holds the live stream and the phone; the others hear it over a BroadcastChannel.
// The lead is a Web Lock: the browser itself passes it on when a tab closes, crashes or goes to another site.
const channel = "BroadcastChannel" in window ? new BroadcastChannel("family-dispatch") : null;
const listeners = new Set();
let leading = false;

export const isLeader = () => leading;

export function listen(handler) {
  listeners.add(handler);
}

const tell = (message) => { for (const handler of listeners) handler(message); };

export function announce(message) {
  channel?.postMessage(message);
  tell(message);
}

channel?.addEventListener("message", (event) => tell(event.data));

export function lead(start) {
  const begin = () => {
    leading = true;
    start();
    return new Promise(() => {}); // held as long as the page lives
  };
  const who = document.body.dataset.visitor;
  if (navigator.locks) navigator.locks.request(`family-dispatch-${who}`, begin).catch(() => {});
  else begin(); // no secure context: every tab for itself, and no microphone either
}
