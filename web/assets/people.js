// «Специалисты» at the workplace: the box filters by topic, name or position; what is typed outlives every refresh.
const fold = (text) => text.toLowerCase().replaceAll("ё", "е").trim();

export function filterPeople(root = document) {
  const box = root.querySelector("[data-people-search]");
  const part = root.querySelector("#part-people");
  if (!box || !part) return;
  const words = fold(box.value).split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const line of part.querySelectorAll("[data-topics]")) {
    const topics = fold(line.dataset.topics);
    line.hidden = !words.every((word) => topics.includes(word));
    shown += Number(!line.hidden);
  }
  const nobody = part.querySelector("[data-no-people]");
  if (nobody) nobody.hidden = shown > 0;
}

export function startPeople(htmx) {
  document.addEventListener("input", (event) => {
    if (event.target.matches("[data-people-search]")) filterPeople();
  });
  document.addEventListener("htmx:oobAfterSwap", () => filterPeople());
  htmx.onLoad(() => filterPeople());
}
