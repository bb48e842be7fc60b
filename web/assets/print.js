// Printing is logged before it happens: a button with data-print says what the paper shows (data-subject, data-id).
// The browser's own menu (Ctrl+P) cannot be held back, so there the word goes out while the paper is being drawn.
import { post } from "./navigation.js";
import { toast } from "./toast.js";

let noted = false;

const wordsOf = (button) => ({ subject: button.dataset.subject, id: button.dataset.id ?? "" });

async function print(button) {
  if (button.dataset.subject) {
    const answer = await post("/prints", wordsOf(button)).catch(() => null);
    if (!answer?.ok) {
      toast("Печать не началась: нет связи с сервером, запись в журнал аудита не сделана. Повторите через минуту.", { stay: true });
      return;
    }
  }
  noted = true;
  window.print();
  noted = false;
}

export function startPrinting() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-print]");
    if (button) print(button);
  });
  window.addEventListener("beforeprint", () => {
    const button = document.querySelector("[data-print][data-subject]");
    if (button && !noted) post("/prints", wordsOf(button), { keepalive: true }).catch(() => null);
  });
}
