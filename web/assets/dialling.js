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
  // Written down beside a talk: the form folds up empty, or the next press would write it down once more.
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt;
    if (!form.matches?.("form[data-folds]")) return;
    if (event.detail.xhr.status >= 400) { // a refusal in words is no error to htmx
      form.querySelector("input:not([type=hidden])")?.focus();
      return;
    }
    form.reset();
    form.closest("details").open = false;
  });
}
