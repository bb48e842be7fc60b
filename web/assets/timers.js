// Clocks of the page: <span data-since="epoch ms"> counts up once a second by the server's clock, wherever it stands.
let offset = 0;

export const serverNow = () => Date.now() + offset;

const two = (number) => String(number).padStart(2, "0");

export function clock(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

export function tick(root = document) {
  const now = serverNow();
  for (const element of root.querySelectorAll("[data-since]")) {
    const text = clock(now - Number(element.dataset.since));
    if (element.textContent !== text) element.textContent = text;
  }
  // A soft alarm: a sentence that comes by itself when something has lasted so many seconds.
  for (const element of root.querySelectorAll("[data-late-since]")) {
    element.hidden = now - Number(element.dataset.lateSince) < 1000 * Number(element.dataset.lateAfter);
  }
}

export function startTimers() {
  offset = Number(document.body.dataset.now || Date.now()) - Date.now();
  tick();
  setInterval(tick, 1000);
}
