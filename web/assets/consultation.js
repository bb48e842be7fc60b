// The consultation in the form of an appeal: beside the chosen topic stands how the same is had without a visit.
function showHint(select) {
  const box = select.closest("[data-consultation]");
  for (const hint of box?.querySelectorAll("[data-hint-of]") ?? []) hint.hidden = hint.dataset.hintOf !== select.value;
}

// The journal's topic is chosen first; where the list of competences has the same one, it need not be chosen again.
function takeTopic(chosen) {
  const select = chosen.form?.elements.consultation_topic;
  if (!select || select.value) return;
  const words = chosen.selectedOptions[0]?.textContent.trim();
  const same = [...select.options].find((option) => option.value && option.textContent.trim() === words);
  if (!same) return;
  select.value = same.value;
  showHint(select);
}

export function startConsultation(htmx) {
  document.addEventListener("change", (event) => {
    if (event.target.matches("#a-topic")) takeTopic(event.target);
    if (event.target.matches("[data-consultation] select[name='consultation_topic']")) showHint(event.target);
  });
  htmx.onLoad((root) => {
    for (const select of root.querySelectorAll?.("[data-consultation] select[name='consultation_topic']") ?? []) showHint(select);
  });
}
