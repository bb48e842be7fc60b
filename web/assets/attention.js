// A ringing call draws attention without taking the focus: sound, the tab's title, a notification in a background tab.
import { isLeader, listen } from "./bus.js";
import { ring, stopRinging } from "./sound.js";
import { toast } from "./toast.js";

const title = () => document.title.replace(/^☎ Входящий звонок — /, "");
let shown;
let current = "";

const preferred = () => document.body.dataset.sound || "bell";

export function askPermission() {
  if ("Notification" in window && Notification.permission === "default") Notification.requestPermission();
}

export function noticeCall() {
  const mark = document.getElementById("call-mark");
  const call = mark?.dataset.state === "ringing" ? mark.dataset.call : "";
  if (call) {
    if (!document.title.startsWith("☎")) document.title = `☎ Входящий звонок — ${title()}`;
  } else if (document.title.startsWith("☎")) document.title = title();
  if (call === current) return;
  current = call;
  shown?.close();
  shown = undefined;
  if (!call) {
    stopRinging();
    return;
  }
  // Whoever leads makes the sound, once per browser.
  if (isLeader()) {
    ring(preferred(), () => toast("Браузер не дал проиграть звук звонка: щёлкните в любом месте страницы.", { stay: true }));
    if (document.hidden && "Notification" in window && Notification.permission === "granted") {
      shown = new Notification("Входящий звонок", { body: "Откройте рабочее место, чтобы ответить.", tag: `call-${call}`, requireInteraction: true });
      shown.onclick = () => { window.focus(); shown?.close(); };
    }
  }
}

listen((message) => { if (message.kind === "phone" && message.state === "talking") stopRinging(); });
