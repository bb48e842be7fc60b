// The session sleeps after half an hour without a person. Touching any page, or talking, counts; a page left open does not.
import { announce, listen } from "./bus.js";
import { post } from "./navigation.js";
import { toast } from "./toast.js";

const TELL = 4 * 60000;
const WARN = 27 * 60000;
let told = Date.now(); // the page itself was just asked for
let touched = Date.now();
let warned = false;
let talking = false;

function touch() {
  touched = Date.now();
  warned = false;
  if (touched - told < TELL) return;
  told = touched;
  post("/session", {}).catch(() => {});
  announce({ kind: "awake", at: touched });
}

export function startActivity() {
  for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, touch, { passive: true, capture: true });
  listen((message) => {
    if (message.kind === "phone") talking = message.state === "talking";
    if (message.kind === "awake") { told = touched = Math.max(touched, message.at); warned = false; }
  });
  setInterval(() => {
    if (talking) touch();
    if (warned || Date.now() - touched < WARN) return;
    warned = true;
    toast("Вас давно не было: через три минуты сеанс закончится. Нажмите любую клавишу, чтобы остаться на линии.", { stay: true });
  }, 15000);
}
