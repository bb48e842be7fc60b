// Links and forms replace only #main, so that a conversation in the browser phone lives through a look into the journal.
import { toast } from "./toast.js";
import { tick } from "./timers.js";

const csrf = () => document.querySelector('meta[name="csrf"]')?.content ?? "";

/** Where typing begins: at what was refused, else where the page says. */
const first = () => {
  const refused = document.querySelector("#main [aria-invalid='true']") ?? document.querySelector("#main [data-focus]");
  return refused?.matches("fieldset") ? refused.querySelector("input") : refused;
};

/** A page that belongs to a section with another address. */
const INSIDE = { "/ratings/work": "/dialling" };

export function markHere() {
  const here = INSIDE[location.pathname] ?? location.pathname;
  const links = [...document.querySelectorAll(".nav a")];
  const lengthOf = (link) => {
    const path = new URL(link.href).pathname;
    return here === path || here.startsWith(`${path}/`) ? path.length : 0;
  };
  const nearest = Math.max(1, ...links.map(lengthOf)); // «Тексты и голос» lie below «Настройки»: one of them is here
  for (const link of links) {
    if (lengthOf(link) === nearest) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  for (const more of document.querySelectorAll(".nav [data-more]")) {
    more.toggleAttribute("data-here", Boolean(more.querySelector("[aria-current]")));
  }
  document.body.classList.toggle("page-workplace", Boolean(document.querySelector(".workplace")));
}

export function startNavigation(htmx) {
  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRF-Token"] = csrf();
  });
  document.addEventListener("htmx:responseError", (event) => {
    const status = event.detail.xhr.status;
    const id = event.detail.xhr.getResponseHeader("X-Error-Id");
    if (status === 401) location.assign("/login");
    else if (status === 403) toast("Нет доступа. Если страница открыта давно, обновите её.", { stay: true });
    else if (status === 404) toast("Запись не найдена: возможно, её уже изменили.", { stay: true });
    else toast(`Не получилось. Повторите; если не поможет, назовите администратору код ${id ?? status}.`, { stay: true });
  });
  document.addEventListener("htmx:sendError", () => toast("Нет связи с сервером. Введённое осталось на экране: повторите позже.", { stay: true }));
  // The page asked for last is the page that comes: an earlier one on its way is given up, and a link followed just as
  // another page came must replace that one, not the one it was followed on.
  let coming = null;
  document.addEventListener("htmx:beforeRequest", ({ detail: { target, requestConfig, xhr } }) => {
    if (target?.id !== "main") return;
    coming?.abort();
    coming = requestConfig.verb === "get" ? xhr : null;
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target?.id !== "main") return;
    if (!detail.target.isConnected) detail.target = document.getElementById("main");
    if (detail.requestConfig.elt.isConnected || !detail.serverResponse.includes('id="main"')) return;
    // A notice has replaced the link meanwhile: what the body tells all links (frame.html) does not reach it any more.
    detail.selectOverride ??= "#main";
    detail.swapOverride ??= "outerHTML show:window:top";
  });
  // Of panels with one name only one is open: the old page must not close what the new page opens beside an error.
  document.addEventListener("htmx:beforeSwap", () => {
    for (const panel of document.querySelectorAll("#main details[name]")) panel.removeAttribute("name");
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    tick();
    if (event.detail.target?.id !== "main") return;
    markHere();
    document.querySelector("dialog[data-open]")?.showModal();
    const focus = first();
    if (focus) focus.focus();
    else if (event.detail.boosted) document.getElementById("main").focus({ preventScroll: true });
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { requestConfig, xhr, target } = event.detail;
    if (requestConfig.verb === "post" && xhr.status === 422) {
      setTimeout(() => {
        const wrong = document.querySelector("#main [aria-invalid='true']");
        wrong?.focus();
        // The swap ends with a jump to the top of the page, and a field that has the focus already is not scrolled to.
        (wrong ?? document.querySelector("#main [role='alert']"))?.scrollIntoView({ block: "center" });
      }, 60);
    } else if (target?.id === "card-find") setTimeout(() => document.querySelector("#card-find [data-focus]")?.focus(), 60);
  });
  // A notice may replace a form before its own answer comes; htmx tells that form alone, which nobody hears any more.
  document.addEventListener("htmx:beforeRequest", ({ detail: { elt, xhr } }) => {
    xhr.addEventListener("load", () => {
      const said = elt.isConnected ? null : JSON.parse(xhr.getResponseHeader("HX-Trigger") ?? "{}")["fd:said"];
      if (said) toast(said);
    });
  });
  document.addEventListener("fd:said", (event) => toast(event.detail.value));
  document.addEventListener("htmx:historyRestore", markHere);
  first()?.focus();
  markHere();
}

export async function post(url, fields, options = {}) {
  const body = new URLSearchParams(fields);
  return fetch(url, { method: "POST", body, headers: { "X-CSRF-Token": csrf() }, credentials: "same-origin", ...options });
}
