// Forms: a second click on a button that is already working does nothing; a form with data-draft saves itself.
import { post } from "./navigation.js";

const WAIT = 800; // ms after the last key: a sentence is not sent letter by letter
const drafts = new WeakMap();

function say(form, text, bad = false) {
  const place = form.closest("section")?.querySelector("[data-saved]");
  if (!place) return;
  place.textContent = text;
  place.classList.toggle("bad", bad);
}

const fieldsOf = (form) => new URLSearchParams(new FormData(form));

/** What the server wrote into the form, whatever has been typed (or restored by the browser) since. */
function storedOf(form) {
  const stored = new URLSearchParams();
  for (const field of form.elements) {
    if (!field.name || field.type === "submit") continue;
    if (field.type === "radio" || field.type === "checkbox") {
      if (field.defaultChecked) stored.append(field.name, field.value);
    } else if (field.tagName === "SELECT") {
      const chosen = [...field.options].find((option) => option.defaultSelected) ?? field.options[0];
      stored.append(field.name, chosen.value);
    } else stored.append(field.name, field.defaultValue);
  }
  return stored;
}

const listOf = (value) => (Array.isArray(value) ? value : [value ?? ""]);
const same = (one, other) => one.filter(Boolean).sort().join("\n") === other.filter(Boolean).sort().join("\n");
const boxesOf = (form, name) => [...form.elements].filter((field) => field.name === name && field.type === "checkbox");

/** A field takes these values: boxes are ticked, everything else holds the one value. */
function put(form, name, values) {
  const boxes = boxesOf(form, name);
  if (boxes.length) for (const box of boxes) box.checked = values.includes(box.value);
  else form.elements[name].value = values[0] ?? "";
}

/** As the form would send them: a box that is not ticked sends nothing. */
const storedAs = (form, name, values) => (boxesOf(form, name).length ? values.filter(Boolean) : [values[0] ?? ""]);

function later(form, state) {
  clearTimeout(state.timer);
  state.timer = setTimeout(() => { state.timer = 0; save(form); }, WAIT);
}

async function save(form) {
  const state = drafts.get(form);
  if (!state || state.busy || !form.isConnected || form.dataset.sealed) return;
  clearTimeout(state.timer);
  const sent = fieldsOf(form);
  if (sent.toString() === state.sent) return;
  state.busy = true;
  say(form, "сохраняется…");
  try {
    const response = await post(form.dataset.draft, sent);
    if (response.ok) {
      const answer = await response.json();
      form.elements.version.value = answer.version;
      sent.set("version", answer.version);
      state.sent = sent.toString();
      const part = form.closest("[data-version]");
      if (part) part.dataset.version = part.dataset.version.replace(/^(\d+-draft)-\d+/, `$1-${answer.version}`);
      say(form, `сохранено ${answer.saved_at}`);
    } else if (response.status === 409) {
      merge(form, state, await response.json());
    } else if (response.status === 401) {
      say(form, "сеанс закончился: войдите снова в другой вкладке, текст останется здесь", true);
      state.timer = setTimeout(() => save(form), 5000);
    } else {
      const answer = await response.json().catch(() => ({}));
      say(form, answer.sentence ?? "не сохранено: проверьте поля", true);
      state.sent = sent.toString();
    }
  } catch {
    say(form, "нет связи: сохранится, как только связь вернётся", true);
    state.timer = setTimeout(() => save(form), 3000);
  } finally {
    state.busy = false;
  }
  if (form.isConnected && fieldsOf(form).toString() !== state.sent && !state.timer) later(form, state);
}

// The card was chosen meanwhile, or another tab wrote: fields untouched here take the stored words, touched ones stay as typed.
function merge(form, state, answer) {
  const base = new URLSearchParams(state.sent);
  const mine = fieldsOf(form);
  const disputed = [];
  for (const [name, value] of Object.entries(answer.current ?? {})) {
    if (!form.elements[name]) continue;
    const stored = listOf(value);
    const [typed, before] = [mine.getAll(name), base.getAll(name)];
    if (same(typed, before)) put(form, name, stored);
    else if (!same(before, stored) && !same(typed, stored)) disputed.push(name);
  }
  form.elements.version.value = answer.version;
  // From now on this is what the server has: what still differs is what was typed here.
  const known = fieldsOf(form);
  for (const [name, value] of Object.entries(answer.current ?? {})) {
    if (!form.elements[name]) continue;
    known.delete(name);
    for (const one of storedAs(form, name, listOf(value))) known.append(name, one);
  }
  state.sent = known.toString();
  if (disputed.length) say(form, "это обращение правят и в другом окне: останется ваш текст", true);
}

/** The server's newer form came while this one holds unsaved words: put both together now, not at the next refused save. */
export function takeStored(form, incoming) {
  const state = drafts.get(form);
  const stored = storedOf(incoming);
  if (!state || state.busy || stored.get("version") === form.elements.version.value) return;
  const version = stored.get("version");
  for (const name of ["version", "csrf"]) stored.delete(name);
  const current = {};
  for (const { name, type } of form.elements) {
    if (name && type !== "submit" && name !== "version" && name !== "csrf") current[name] = stored.getAll(name);
  }
  merge(form, state, { version, current });
  later(form, state);
}

export const hasUnsaved = (form) => {
  const state = drafts.get(form);
  return Boolean(state) && fieldsOf(form).toString() !== state.sent;
};

export function watchDrafts(root = document) {
  for (const form of root.querySelectorAll("form[data-draft]")) {
    if (drafts.has(form)) continue;
    const state = { sent: storedOf(form).toString(), timer: 0, busy: false };
    drafts.set(form, state);
    if (hasUnsaved(form)) later(form, state);
  }
}

export function startForms(htmx) {
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    const state = form && drafts.get(form);
    if (!state) return;
    later(form, state);
  });
  const saveAll = (but) => document.querySelectorAll("form[data-draft]").forEach((form) => form !== but && hasUnsaved(form) && save(form));
  document.addEventListener("visibilitychange", () => document.hidden && saveAll());
  document.addEventListener("htmx:beforeRequest", (event) => {
    // A form that is being sent whole is not saved as a draft beside it: one of the two would come second and be refused.
    if (event.detail.boosted) saveAll(event.detail.elt);
  });
  window.addEventListener("pagehide", () => {
    for (const form of document.querySelectorAll("form[data-draft]")) {
      if (!hasUnsaved(form)) continue;
      const body = fieldsOf(form);
      body.set("csrf", document.querySelector('meta[name="csrf"]').content);
      navigator.sendBeacon(form.dataset.draft, body);
    }
  });
  // The final save must not race with an autosave on its way: its answer would raise the version under the form's feet.
  document.addEventListener("htmx:confirm", (event) => {
    const form = event.detail.elt.closest?.("form[data-draft]");
    const state = form && drafts.get(form);
    if (!state) return;
    clearTimeout(state.timer);
    if (!state.busy) return;
    event.preventDefault();
    const wait = setInterval(() => {
      if (state.busy) return;
      clearInterval(wait);
      event.detail.issueRequest(true);
    }, 30);
  });
  document.addEventListener("htmx:load", () => watchDrafts());
  htmx.onLoad(() => watchDrafts());
  watchDrafts();
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
  });
  // Plain forms (sign-in, sign-out): one submission only.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.closest("[hx-boost='true']") || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
    setTimeout(() => { delete form.dataset.sent; }, 5000);
  });
}
