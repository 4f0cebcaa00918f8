// Search as you type: each word must be somewhere in what an entry says. The URL keeps the words.
const box = document.querySelector(".search");
const input = document.querySelector("#search");
const entries = [...document.querySelectorAll("#reports [data-search]")];
const foldings = [...document.querySelectorAll("#reports details")];
const opened = new Set(foldings.filter((each) => each.open));
const folders = [...document.querySelectorAll("#reports .folder")];

function search() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const entry of entries) {
    const fits = words.every((word) => entry.dataset.search.includes(word));
    entry.hidden = !fits;
    found += fits ? 1 : 0;
  }
  for (const each of foldings) {
    const fits = each.querySelector("[data-search]:not([hidden])") !== null;
    each.hidden = !fits;
    each.open = words.length ? fits : opened.has(each);
  }
  for (const folder of folders) folder.hidden = !folder.querySelector("[data-search]:not([hidden])");
  document.querySelector("#nothing").hidden = found > 0;
  document.querySelector("#found").textContent = words.length ? `${found} of ${entries.length}` : "";
  const url = new URL(location.href);
  if (words.length) url.searchParams.set("q", input.value);
  else url.searchParams.delete("q");
  history.replaceState(null, "", url);
}

if (input) {
  box.hidden = false;
  input.value = new URL(location.href).searchParams.get("q") ?? "";
  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    const first = entries.find((entry) => !entry.hidden);
    if (event.key === "Enter" && input.value && first) first.querySelector("a").click();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, select, textarea")) {
      event.preventDefault();
      input.focus();
    }
  });
  search();
}
