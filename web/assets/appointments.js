// The box of a held time: focus goes into its form when it opens by a press here; «Убрать» empties it.
export function startAppointments() {
  document.addEventListener("click", (event) => {
    const closer = event.target.closest("[data-empty]");
    if (closer) document.getElementById(closer.dataset.empty)?.replaceChildren();
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "booking") return;
    const box = event.detail.target;
    const side = box.closest(".side"); // only its own column moves, never the page under the call
    if (side) side.scrollTop = box.offsetTop - side.offsetTop - 8;
    box.querySelector("[aria-invalid=true], [autofocus], .slot")?.focus({ preventScroll: true });
  });
}
