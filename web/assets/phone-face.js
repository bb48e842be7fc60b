// What every tab shows of the telephone: its state in words, and the buttons, which the leading tab carries out.
import { announce, isLeader, listen } from "./bus.js";
import { askPermission } from "./attention.js";
import { toast } from "./toast.js";

const WORDS = {
  ready: (face) => ["ok", `${face.extension} на связи`],
  ringing: (face) => ["ok", `${face.extension} звонит`],
  talking: (face) => ["ok", `${face.extension} ${face.held ? "на удержании" : face.muted ? "микрофон выключен" : "разговор"}`],
  connecting: () => ["warn", "подключается"],
  "no-microphone": () => ["bad", "нет микрофона"],
  off: () => ["", "настольный аппарат"],
  desk: () => ["", "нет номера"],
};

const PROBLEMS = {
  refused: "Браузер не разрешает микрофон. Нажмите на значок слева от адреса страницы, разрешите микрофон и обновите страницу.",
  missing: "Микрофон не найден. Подключите гарнитуру: телефон включится сам.",
  busy: "Микрофон занят другой программой. Закройте её: телефон включится сам.",
  insecure: "Микрофон доступен только по защищённому адресу (https) или с этого же компьютера. Обратитесь к администратору.",
};

let face = { state: "connecting" };
const mine = () => document.body.dataset.extension;
export const isOff = () => localStorage.getItem("fd-phone") === "off";
const order = (action, key) => announce({ kind: "phone-do", action, key });

function paint() {
  const place = document.getElementById("phone-state");
  if (place) {
    const [tone, words] = WORDS[face.state](face);
    place.className = `tag ${tone}`;
    place.querySelector("[data-words]").textContent = words;
    place.title = PROBLEMS[face.problem] ?? "";
  }
  const help = document.getElementById("phone-help");
  if (help) {
    help.hidden = !(face.state === "no-microphone" && face.problem);
    help.querySelector("[data-words]").textContent = PROBLEMS[face.problem] ?? "";
  }
  const talk = document.querySelector("[data-talk-state]");
  if (talk && face.state === "talking") talk.textContent = face.held ? "На удержании" : "Разговор";
  const inBrowser = !["off", "desk"].includes(face.state);
  for (const button of document.querySelectorAll("[data-do]")) {
    const action = button.dataset.do;
    if (action === "answer") button.disabled = face.state !== "ringing";
    if (action === "hangup") button.disabled = !["ringing", "talking"].includes(face.state);
    if (["hold", "mute", "keypad"].includes(action)) button.disabled = face.state !== "talking";
    if (action === "hold") button.setAttribute("aria-pressed", String(Boolean(face.held)));
    if (action === "mute") button.setAttribute("aria-pressed", String(Boolean(face.muted)));
    const word = button.querySelector("[data-on]");
    if (word) word.textContent = button.getAttribute("aria-pressed") === "true" ? word.dataset.on : word.dataset.off;
  }
  for (const part of document.querySelectorAll("[data-phone]")) part.hidden = (part.dataset.phone === "browser") !== inBrowser;
}

export function startPhoneFace() {
  listen((message) => {
    if (message.kind === "phone") {
      face = message;
      paint();
    }
    if (message.kind === "phone-note") toast(message.text, { stay: true });
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[name='state'][value='ready']")) askPermission();
    const button = event.target.closest("[data-do]");
    if (button && !button.disabled) {
      askPermission();
      if (button.dataset.do === "keypad") {
        const pad = document.getElementById("keypad");
        pad.hidden = !pad.hidden;
        button.setAttribute("aria-expanded", String(!pad.hidden));
      } else order(button.dataset.do);
    }
    const key = event.target.closest("[data-dtmf]");
    if (key) order("dtmf", key.dataset.dtmf);
  });
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-phone-choice]")) return;
    localStorage.setItem("fd-phone", event.target.value);
    order(event.target.value);
  });
  document.addEventListener("htmx:afterSettle", paint);
  document.addEventListener("htmx:oobAfterSwap", paint);
  document.addEventListener("fd:leading", async () => {
    if (!mine()) {
      announce({ kind: "phone", state: "desk" });
      return;
    }
    const { startPhone, listenOnly } = await import("./phone.js");
    if (isOff()) listenOnly();
    else startPhone();
  });
  if (!isLeader()) setTimeout(() => order("tell"), 300);
  paint();
}
