// The search fields: results while typing, by keyboard alone. htmx fetches them (hx-trigger on the field); here are the keys.
// ↓ and ↑ move, Enter opens, Esc clears; the focus stays in the field (ARIA combobox with a listbox).
const FIELD = "[data-search]";

const boxOf = (field) => document.getElementById(field.dataset.search);
const optionsOf = (field) => [...(boxOf(field)?.querySelectorAll("[role='option']") ?? [])];
const activeOf = (field) => optionsOf(field).find((option) => option.getAttribute("aria-selected") === "true");

function choose(field, option) {
  for (const one of optionsOf(field)) one.setAttribute("aria-selected", String(one === option));
  if (option) field.setAttribute("aria-activedescendant", option.id);
  else field.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
}

function refresh(field) {
  field.removeAttribute("aria-activedescendant");
  field.setAttribute("aria-expanded", String(optionsOf(field).length > 0));
}

const isQuick = (field) => boxOf(field)?.classList.contains("quick-box");

function close(field) {
  if (isQuick(field)) boxOf(field).replaceChildren();
  refresh(field);
}

// A link that htmx boosts like every other: only #main is replaced, a conversation in the browser phone goes on.
function open(htmx, field, href) {
  const link = document.createElement("a");
  link.href = href;
  link.hidden = true;
  document.body.append(link);
  htmx.process(link);
  if (isQuick(field)) field.value = "";
  close(field);
  link.click();
  setTimeout(() => link.remove(), 10_000);
}

export function startSearch(htmx) {
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest?.(FIELD);
    if (!field || event.isComposing) return;
    const options = optionsOf(field);
    const at = options.indexOf(activeOf(field));
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && options.length) {
      const step = event.key === "ArrowDown" ? 1 : -1;
      const next = at + step;
      choose(field, next < 0 || next >= options.length ? (at < 0 ? options.at(-1) : undefined) : options[next]);
      event.preventDefault();
    } else if (event.key === "Enter" && at >= 0 && options[at].dataset.href) {
      event.preventDefault();
      open(htmx, field, options[at].dataset.href);
    } else if (event.key === "Escape" && (field.value || options.length)) {
      event.preventDefault();
      event.stopPropagation();
      field.value = "";
      boxOf(field)?.replaceChildren();
      refresh(field);
    }
  });
  document.addEventListener("mousedown", (event) => {
    if (event.target.closest("[role='option'][data-href]")) event.preventDefault(); // the focus stays in the field
  });
  document.addEventListener("click", (event) => {
    const option = event.target.closest("[role='option'][data-href]");
    for (const field of document.querySelectorAll(FIELD)) {
      if (option && boxOf(field)?.contains(option)) open(htmx, field, option.dataset.href);
      else if (field !== event.target && isQuick(field) && !boxOf(field).contains(event.target)) close(field);
    }
  });
  document.addEventListener("focusout", (event) => {
    const field = event.target.closest?.(FIELD);
    if (field && isQuick(field) && !boxOf(field).contains(event.relatedTarget)) setTimeout(() => { if (document.activeElement !== field) close(field); }, 150);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    for (const field of document.querySelectorAll(FIELD)) if (event.detail.target === boxOf(field)) refresh(field);
  });
  // An answer that comes after the field was emptied or left says nothing any more.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const field = event.detail.requestConfig?.elt;
    if (field?.matches?.(FIELD) && event.detail.target === boxOf(field) && (!field.value || (isQuick(field) && document.activeElement !== field))) {
      event.detail.shouldSwap = false;
      if (isQuick(field)) close(field);
    }
  });
}
