// A short word in the lower edge, read out politely; a click puts it away.
export function toast(text, { stay = false } = {}) {
  const box = document.getElementById("toasts");
  if (!box) return;
  if ([...box.children].some((other) => other.textContent === text)) return;
  const note = document.createElement("div");
  note.className = "toast";
  note.textContent = text;
  note.addEventListener("click", () => note.remove());
  while (box.children.length > 1) box.firstChild.remove();
  box.append(note);
  setTimeout(() => note.remove(), stay ? 20000 : 5000);
}
