// The human list: what was typed about a call is still there when an incoming call was answered in between.
// In the page's memory only: words about a family never go into the browser's storage.
const kept = new Map();

const fieldsOf = (form) => [...form.elements].filter((field) => field.name && field.type !== "hidden" && field.type !== "submit");

function putBack() {
  for (const form of document.querySelectorAll("form[data-keep]")) {
    const known = kept.get(form.dataset.keep);
    if (!known) continue;
    for (const field of fieldsOf(form)) if (field.value === field.defaultValue) field.value = known[field.name] ?? field.value;
  }
}

export function startDialling(htmx) {
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form?.dataset.keep) return;
    kept.set(form.dataset.keep, Object.fromEntries(fieldsOf(form).map((field) => [field.name, field.value])));
  });
  // What is sent is the server's from now on: refused, it comes back in the form.
  document.addEventListener("submit", (event) => { if (event.target.dataset?.keep) kept.delete(event.target.dataset.keep); });
  htmx.onLoad(putBack);
}
