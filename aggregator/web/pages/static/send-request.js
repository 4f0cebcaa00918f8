// A request whose progress is seen and that can be stopped, and its answer.

export class Stopped extends Error {}
export class Unreachable extends Error {}

/**
 * Send a request. onProgress(share): how much of the body has gone, null when all has.
 * Gives the status and the answer: `said` when it is JSON, else `text`. Throws Stopped or Unreachable.
 */
export function send({ method, url, headers = {}, body = null, onProgress = () => {}, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.setRequestHeader("Accept", "application/json, application/problem+json, */*;q=0.1");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => onProgress(event.lengthComputable ? event.loaded / event.total : null);
    request.upload.onload = () => onProgress(null);
    request.onload = () => resolve(answer(request));
    request.onerror = () => reject(new Unreachable());
    request.onabort = () => reject(new Stopped());
    if (signal?.aborted) {
      reject(new Stopped());
      return;
    }
    signal?.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

function answer(request) {
  const type = request.getResponseHeader("Content-Type") ?? "";
  const found = { ok: request.status >= 200 && request.status < 300, status: request.status, text: request.responseText };
  if (!/^application\/([\w.-]+\+)?json\b/.test(type)) return found;
  try {
    return { ...found, said: JSON.parse(request.responseText, exact) };
  } catch {
    return found;
  }
}

/** Whole numbers that JavaScript would round stay the texts that they are, where the browser tells them. */
function exact(name, value, context) {
  const isRounded = typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "");
  return isRounded ? context.source : value;
}

/** Keys for requests that must not be carried out twice: the same for the same thing until it is forgotten. */
export class RequestKeys {
  #keys = new Map();

  of(what) {
    if (!this.#keys.has(what)) this.#keys.set(what, newKey());
    return this.#keys.get(what);
  }

  forget() {
    this.#keys.clear();
  }
}

function newKey() {
  // crypto.randomUUID is there only with https.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
