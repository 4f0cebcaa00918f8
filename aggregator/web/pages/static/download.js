// Downloads with progress. The file is kept until it is whole, so one that breaks off is never saved.

const AFTER_MS = 300;
const EVERY_MS = 200;

export function downloads(panel) {
  for (const link of document.querySelectorAll("a[data-download]")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button) return;
      event.preventDefault();
      download(link, panel);
    });
  }
}

async function download(link, panel) {
  if (link.getAttribute("aria-disabled") === "true") return;
  const controller = new AbortController();
  const view = show(panel, link.dataset.download, controller);
  link.setAttribute("aria-disabled", "true");
  try {
    const response = await fetch(link.href, { headers: { Accept: "*/*" }, signal: controller.signal });
    if (!response.ok) throw new Problem(await reason(response));
    save(await whole(response, view), nameOf(response));
    view.end(`${link.dataset.download} is saved.`);
  } catch (error) {
    if (error.name === "AbortError") view.end("Stopped. Nothing was saved.");
    else if (error instanceof Problem) view.end(error.message);
    else view.end("The download failed. Nothing was saved.");
  } finally {
    link.removeAttribute("aria-disabled");
  }
}

class Problem extends Error {}

async function reason(response) {
  try {
    const problem = await response.json();
    return [problem.detail ?? problem.title, problem.hint].filter(Boolean).join(" ");
  } catch {
    return `The server responded with ${response.status}.`;
  }
}

async function whole(response, view) {
  const parts = [];
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    view.bytes += part.value.length;
  }
  return new Blob(parts, { type: response.headers.get("Content-Type") });
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function nameOf(response) {
  const header = response.headers.get("Content-Disposition") ?? "";
  const encoded = /filename\*=UTF-8''([^;]+)/i.exec(header);
  if (encoded) return decodeURIComponent(encoded[1]);
  return /filename="([^"]*)"/i.exec(header)?.[1] ?? "report";
}

function show(panel, label, controller) {
  const text = document.createElement("span");
  const bar = document.createElement("progress");
  const stop = document.createElement("button");
  stop.type = "button";
  stop.textContent = "Stop";
  stop.addEventListener("click", () => controller.abort());
  bar.setAttribute("aria-label", `${label}: downloading`);
  const total = Number(panel.dataset.rows);
  const what = total > 1 ? `${label}, ${total.toLocaleString("en")} rows` : label;
  let drawing;
  const view = {
    bytes: 0,
    draw() {
      text.textContent = `${what}: ${(view.bytes / 1e6).toFixed(1)} MB so far`;
    },
    end(message) {
      clearTimeout(later);
      clearInterval(drawing);
      text.textContent = message;
      panel.hidden = false;
      panel.replaceChildren(text);
    },
  };
  const later = setTimeout(() => {
    panel.hidden = false;
    panel.replaceChildren(bar, text, stop);
    view.draw();
    drawing = setInterval(view.draw, EVERY_MS);
  }, AFTER_MS);
  panel.hidden = true;
  return view;
}
