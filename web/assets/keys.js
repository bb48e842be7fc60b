// Keys of the workplace. Those with Ctrl or Alt work while typing; single keys only outside of fields.
const press = (selector) => {
  const target = [...document.querySelectorAll(selector)].find((element) => element.offsetParent !== null && !element.disabled);
  if (!target) return false;
  target.click();
  return true;
};

const focus = (selector) => {
  const target = [...document.querySelectorAll(selector)].find((element) => element.offsetParent !== null);
  if (!target) return false;
  target.focus();
  target.select?.();
  return true;
};

// By physical key: the dispatcher's layout is Russian or English at any moment.
const COMMANDS = {
  "alt+KeyA": () => press("[data-do='answer']"),
  "alt+KeyE": () => press("[data-do='hangup']"),
  "alt+KeyH": () => press("[data-do='hold']"),
  "alt+KeyM": () => press("[data-do='mute']"),
  "alt+KeyF": () => focus("[data-key='search']"),
  "alt+KeyT": () => focus(".slots .slot"),
  "alt+KeyO": () => focus("[data-key='appeal']"),
  "alt+KeyS": () => focus("[data-key='people']"),
  "alt+KeyR": () => press("[data-key='ready']"),
  "alt+KeyP": () => press("[data-key='break']"),
  "alt+KeyN": () => press("[data-key='new']"),
  "alt+KeyL": () => press("[data-key='missed']"),
  "ctrl+Enter": () => press("[data-key='save']"),
};
Object.assign(COMMANDS, {
  "alt+KeyC": () => press("[data-key='connect']"),
  "alt+KeyG": () => press("[data-key='transfer-complete']"),
  "alt+KeyJ": () => press("[data-key='transfer-join']"),
  "alt+KeyB": () => press("[data-key='transfer-back']"),
});
for (let n = 1; n <= 9; n += 1) COMMANDS[`alt+shift+Digit${n}`] = () => press(`[data-key='connect-${n}']`);
for (let n = 1; n <= 9; n += 1) COMMANDS[`alt+Digit${n}`] = () => press(`[data-key='candidate-${n}']`);

const isField = (element) => element.closest("input, textarea, select, [contenteditable]");

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.repeat || document.querySelector("dialog[open]")) return;
    const command = `${event.ctrlKey || event.metaKey ? "ctrl+" : ""}${event.altKey ? "alt+" : ""}${event.shiftKey ? "shift+" : ""}${event.code.replace("NumpadEnter", "Enter")}`;
    if (COMMANDS[command]?.()) {
      event.preventDefault();
      return;
    }
    const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
    if (!plain || isField(event.target)) return;
    const free = event.target === document.body || event.target.id === "main";
    if (event.key === "ArrowLeft" && free && press("[data-key='earlier']")) event.preventDefault();
    if (event.key === "ArrowRight" && free && press("[data-key='later']")) event.preventDefault();
    if (/^[0-9]$/.test(event.key) && free && press(`[data-digit='${event.key}']`)) event.preventDefault();
    else if (event.code === "Enter" && free && press("[data-do='answer']")) event.preventDefault();
    if (event.key === "?" || (event.key === "," && event.shiftKey && event.code === "Slash")) document.getElementById("keys")?.showModal();
    if (/^[0-9*#]$/.test(event.key) && free && press(`[data-dtmf='${CSS.escape(event.key)}']`)) event.preventDefault();
  });
}
