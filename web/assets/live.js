// The live stream: says that something changed, never what. The page then asks for its parts again.
import { announce, lead, listen } from "./bus.js";
import { refresh, startRefresh } from "./refresh.js";
import { toast } from "./toast.js";

const LATE = 40000; // the server speaks at least every 15 s; a sleeping laptop's stream may be dead without an error
let stream;
let heard = Date.now();
let lostSince = 0;

function setServerBanner(lost) {
  const banner = document.getElementById("server-banner");
  if (banner) banner.hidden = !lost;
}

function lost() {
  lostSince ||= Date.now();
  // One missed beat at a restart of the server is not worth a red line.
  setTimeout(() => { if (lostSince && Date.now() - lostSince >= 1900) announce({ kind: "server", lost: true }); }, 2000);
}

function found() {
  heard = Date.now();
  if (!lostSince) return;
  lostSince = 0;
  announce({ kind: "server", lost: false });
}

function connect() {
  stream?.close();
  stream = new EventSource("/live");
  heard = Date.now();
  stream.addEventListener("open", found);
  stream.addEventListener("notice", (event) => { found(); announce({ kind: "notice", notice: JSON.parse(event.data) }); });
  stream.addEventListener("snapshot", () => { found(); announce({ kind: "snapshot" }); });
  stream.addEventListener("beat", found);
  stream.addEventListener("goodbye", (event) => {
    stream.close();
    announce({ kind: "goodbye", reason: event.data });
  });
  stream.addEventListener("error", async () => {
    lost();
    if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
    const answer = await fetch("/session", { credentials: "same-origin" }).catch(() => null);
    if (answer?.status === 401) announce({ kind: "goodbye", reason: "ended" });
    else setTimeout(connect, 3000);
  });
}

export function startLive(htmx) {
  startRefresh(htmx);
  listen((message) => {
    if (message.kind === "notice") refresh(message.notice.kind);
    if (message.kind === "snapshot") refresh("snapshot");
    if (message.kind === "server") setServerBanner(message.lost);
    if (message.kind === "goodbye") {
      if (document.querySelector("form[data-draft]")) toast("Сеанс закончился. Скопируйте несохранённое и войдите снова.", { stay: true });
      setTimeout(() => location.assign("/login"), document.querySelector("form[data-draft]") ? 4000 : 0);
    }
  });
  lead(() => {
    connect();
    setInterval(() => { if (Date.now() - heard > LATE) { lost(); connect(); } }, 5000);
    for (const name of ["online", "pageshow"]) window.addEventListener(name, () => { if (lostSince) connect(); });
    document.dispatchEvent(new CustomEvent("fd:leading"));
  });
  document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh("snapshot"); });
}
