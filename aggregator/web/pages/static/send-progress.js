// How far a request is: a bar, a word for everybody, and the way to stop it.

const bar = document.getElementById("progress");
const percent = document.getElementById("percent");
const sending = document.getElementById("sending");
const state = document.getElementById("state");
const stop = document.getElementById("stop");

/** Say something to those who do not see it, and while it lasts to everybody. */
export function say(text, isLasting = false) {
  state.textContent = text;
  state.classList.toggle("unseen", !isLasting);
}

/**
 * Do something that takes a while. work(signal, onProgress): as `send` takes them; then: what is done
 * when all has been sent, for the state.
 */
export async function watched(text, then, work) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  stop.addEventListener("click", abort);
  bar.removeAttribute("value");
  percent.textContent = "";
  sending.hidden = false;
  say(text, true);
  try {
    return await work(controller.signal, (share) => {
      if (share === null) {
        bar.removeAttribute("value");
        percent.textContent = "";
        say(then, true);
        return;
      }
      bar.value = share;
      percent.textContent = `${Math.floor(share * 100)} %`;
    });
  } finally {
    stop.removeEventListener("click", abort);
    sending.hidden = true;
  }
}
