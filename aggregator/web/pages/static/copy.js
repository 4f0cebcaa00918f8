// Buttons that copy: `data-copy="id"` the text of an element, `data-copy-link` the page's own URL.
const SAID_FOR = 2000;

const said = document.createElement("div");
said.className = "unseen";
said.setAttribute("role", "status");
document.body.append(said);

for (const button of document.querySelectorAll("[data-copy], [data-copy-link]")) {
  const label = button.textContent;
  let timer;
  button.addEventListener("click", async () => {
    const text = textOf(button);
    const isCopied = await copied(text);
    button.textContent = isCopied ? "Copied" : "Copy manually";
    said.textContent = isCopied ? "Copied" : "Copying failed. Select the text and copy it.";
    clearTimeout(timer);
    timer = setTimeout(() => {
      button.textContent = label;
      said.textContent = "";
    }, SAID_FOR);
  });
  button.hidden = false;
}

function textOf(button) {
  if (!("copy" in button.dataset)) return location.href;
  return document.getElementById(button.dataset.copy)?.textContent ?? "";
}

// The clipboard is there on https and localhost only; elsewhere the old way is all there is.
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    const focused = document.activeElement;
    document.body.append(area);
    area.select();
    try {
      return document.execCommand("copy");
    } finally {
      area.remove();
      focused?.focus();
    }
  }
}
