// Downloads with progress. The file is kept until it is whole, so one that breaks off is never saved.

const AFTER_MS = 300;
const EVERY_MS = 400;

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
  const token = newToken();
  const controller = new AbortController();
  const view = show(panel, link.dataset.download, controller);
  const watch = setInterval(() => watchRows(link.dataset.progress + token, view), EVERY_MS);
  link.setAttribute("aria-disabled", "true");
  try {
    const headers = { Accept: "*/*", "X-Progress": token };
    const response = await fetch(link.href, { headers, signal: controller.signal });
    if (!response.ok) throw new Problem(await reason(response));
    save(await whole(response, view), nameOf(response));
    view.end(`${link.dataset.download} is saved.`);
  } catch (error) {
    if (error.name === "AbortError") view.end("Stopped. Nothing was saved.");
    else if (error instanceof Problem) view.end(error.message);
    else view.end("The download broke off. Nothing was saved.");
  } finally {
    clearInterval(watch);
    link.removeAttribute("aria-disabled");
  }
}

class Problem extends Error {}

async function reason(response) {
  try {
    const problem = await response.json();
    return [problem.detail ?? problem.title, problem.hint].filter(Boolean).join(" ");
  } catch {
    return `The server answered ${response.status}.`;
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

async function watchRows(url, view) {
  try {
    const response = await fetch(url);
    if (response.ok) view.rows = (await response.json()).rows ?? view.rows;
  } catch { /* the download itself tells when the server is gone */ }
  view.draw();
}

function newToken() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function show(panel, label, controller) {
  const text = document.createElement("span");
  const bar = document.createElement("progress");
  const stop = document.createElement("button");
  stop.type = "button";
  stop.textContent = "Stop";
  stop.addEventListener("click", () => controller.abort());
  const total = Number(panel.dataset.rows) || 0;
  bar.setAttribute("aria-label", `${label}: rows so far`);
  const view = {
    bytes: 0,
    rows: 0,
    isOver: false,
    draw() {
      if (view.isOver) return; // an answer may come after the end
      const rows = view.rows.toLocaleString("en") + (total ? ` of ${total.toLocaleString("en")}` : "");
      text.textContent = `${label}: ${rows} rows, ${(view.bytes / 1e6).toFixed(1)} MB`;
      if (total) { bar.max = total; bar.value = Math.min(view.rows, total); }
    },
    end(message) {
      view.isOver = true;
      clearTimeout(later);
      text.textContent = message;
      panel.hidden = false;
      panel.replaceChildren(text);
    },
  };
  const later = setTimeout(() => { panel.hidden = false; panel.replaceChildren(bar, text, stop); view.draw(); }, AFTER_MS);
  panel.hidden = true;
  return view;
}
