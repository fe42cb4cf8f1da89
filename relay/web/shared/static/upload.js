// Uploads in parts that can be resumed (tus 1.0), with progress; while one runs, nothing is sent, and it can be cancelled.
// Without this file the form sends the file by itself.
import { holds } from "./removal.js";
import { renewed, SignedOut } from "./session.js";

const PART = 8 * 1024 * 1024;
const form = document.querySelector("form[data-upload]");
const progress = form?.querySelector("[data-progress]");
const [before, keep] = ["form[data-send]", "[data-keep]"].map((one) => document.querySelector(one));

const MOST_TRIES = 8;
const STAYED = 5_000;
const AGAIN = "is still in this window: leave it open, sign in in another tab, come back here and press";
const WAITS = "The upload waits for the connection. Leave this page open: it goes on by itself.";
const pause = (milliseconds, signal) =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", resolve, { once: true });
    addEventListener("online", resolve, { once: true });
  });

class Ended extends Error {} // from elsewhere, or expired: nothing can come of it any more
let running = null; // { address, stop }: stop is an AbortController
let behind = null; // { address, file }: an upload that stopped and is still there; the same file goes on with it

export async function renew() {
  const token = await renewed(form.dataset.csrf);
  if (token) form.dataset.csrf = token;
  return token !== "";
}

async function ask(address, options) {
  const send = () =>
    fetch(address, { ...options, headers: { "Tus-Resumable": "1.0.0", "X-Relay-CSRF": form.dataset.csrf, ...options.headers } });
  let answer = await send();
  if (answer.status === 403 && (await renew())) answer = await send();
  if (answer.status === 401) throw new SignedOut("You are signed out.");
  return answer;
}

async function refusal(answer) {
  const problem = await answer.json().catch(() => null);
  return new Error(problem?.detail ?? "The upload did not work. Please try again.");
}

// One that was begun before the line died, and whose answer was lost, is gone on with.
async function begunUnheard(file) {
  const answer = await ask(`/api/v1/items/${form.dataset.upload}/uploads`, {});
  const found = answer.ok ? await answer.json() : [];
  const own = found.find(({ length, received }) => length === file.size && received === 0);
  return own ? `/api/v1/uploads/${own.id}` : "";
}

// Empty: not this time, and it may come of trying again.
async function begin(file, again) {
  const own = again ? await begunUnheard(file) : "";
  if (own) return own;
  const answer = await ask("/api/v1/uploads", {
    method: "POST",
    headers: { "Upload-Length": String(file.size), "Upload-Metadata": `item_id ${btoa(form.dataset.upload)}` },
  });
  if (answer.status >= 500) return "";
  if (answer.status !== 201) throw await refusal(answer);
  return answer.headers.get("Location");
}

async function stands(address, signal) {
  const answer = await ask(address, { method: "HEAD", signal });
  if (answer.status === 404 || answer.status === 410) {
    await renew(); // to another person signed in by now it is not there either: that says nothing of it
    throw new Ended("The upload was cancelled, or has expired. Nothing of it is kept.");
  }
  if (!answer.ok) throw new Error("The upload cannot go on. Please start it again.");
  return Number(answer.headers.get("Upload-Offset"));
}

// Not DELETE: the last part may have arrived a moment ago, and then the file is there and stays.
async function cancel(address) {
  const post = () => {
    const body = new URLSearchParams({ csrf: form.dataset.csrf, upload_id: address.split("/").pop() });
    return fetch(`/items/${form.dataset.upload}/cancel`, { method: "POST", body, redirect: "manual" }).catch(() => null);
  };
  let answer = await post();
  if (answer?.status === 403 && (await renew().catch(() => false))) answer = await post();
  return { arrived: answer?.status === 409, cancelled: answer?.type === "opaqueredirect", status: answer?.status ?? 0 };
}

async function sendPart(address, file, offset, signal) {
  const answer = await ask(address, {
    method: "PATCH",
    headers: { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) },
    body: file.slice(offset, offset + PART),
    signal,
  });
  if (answer.status === 204) return Number(answer.headers.get("Upload-Offset"));
  if (answer.status === 409 || answer.status >= 500) return offset;
  throw await refusal(answer);
}

// A line that dies throws TypeError. Any other error is final: a refusal, and the author's word.
async function online(doing, otherwise) {
  try {
    return await doing();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return otherwise;
  }
}

async function send(file, onProgress, say) {
  const { signal } = running.stop;
  let offset = running.address ? await online(() => stands(running.address, signal), 0) : 0;
  let failed = 0;
  while (offset < file.size) {
    if (running.address) {
      const now = await online(() => sendPart(running.address, file, offset, signal), offset);
      signal.throwIfAborted();
      if (now > offset) {
        offset = now;
        failed = 0;
        onProgress(offset / file.size);
        continue;
      }
    } else {
      running.address = await online(() => begin(file, failed > 0), "");
      signal.throwIfAborted();
      if (running.address) {
        say("");
        continue;
      }
    }
    // no connection, or the part before is still awaited on a line that died: wait, ask where it stands, go on
    if (++failed > MOST_TRIES) throw new Error("The upload could not go on. Please look to your connection and start it again.");
    say(WAITS);
    await pause(1000 * 2 ** Math.min(failed, 5), signal);
    signal.throwIfAborted();
    if (!running.address) continue;
    const found = await stands(running.address, signal).catch((error) => {
      if (error instanceof Ended || error instanceof SignedOut) throw error;
      return offset;
    });
    signal.throwIfAborted();
    if (found > offset) failed = 0; // some of it arrives each time
    offset = found;
  }
}

const NOT_CANCELLED = {
  0: "There is no connection, so the upload may not be cancelled yet. Load this page again to see.",
  401: "You are signed out, so the upload is not cancelled yet. Sign in again and come back to this page to cancel it.",
  other: "The upload may not be cancelled yet. Load this page again to see.",
};
export const EMPTY = "The file is empty. Choose another one.";

// The button that sends what had arrived before says why it waits: what it would send is what this upload replaces.
function hold(waits) {
  if (!before) return;
  const why = before.querySelector("[data-send-waits]");
  before.querySelector("button[type=submit]").disabled = waits;
  why.textContent = waits ? why.dataset.sendWaits : "";
}

// `parts`: some of it may be kept at the service, from now or from before.
function show(runs, parts = false) {
  progress.hidden = !runs;
  progress.querySelector("progress").value = 0;
  progress.querySelector("[data-cancel]").disabled = false;
  form.querySelector("[data-only-here]")?.toggleAttribute("hidden", runs || parts);
  form.querySelector("button[type=submit]").disabled = runs;
  keep?.toggleAttribute("disabled", runs);
  hold(runs);
}

// Tells why it could not be uploaded; null if it was cancelled. `place`: where that is said and what is pressed again, if not
// in the form; what the file is called; and what is done before the page is shown anew.
export async function sendAndShow(file, place = {}) {
  if (running) return null;
  const { said, button, kept, arrived } = {
    said: form.querySelector("[data-said]"),
    button: form.querySelector("button[type=submit]"),
    kept: "What you chose",
    arrived: () => {},
    ...place,
  };
  if (!file.size) {
    said.textContent = EMPTY;
    return null;
  }
  const done = () => {
    arrived();
    location.replace(`${location.pathname}?done=uploaded`);
    // whoever stays, asked by the browser because a recording waits here, can go on with that
    setTimeout(() => {
      running = null;
      show(false);
      holds("arrived", true);
      say("Your file has arrived. It is shown when this page is loaded again.");
    }, STAYED);
  };
  const say = (words) => {
    if (said.textContent !== words) said.textContent = words;
  };
  const stopped = behind;
  behind = null;
  running = { address: stopped?.file === file ? stopped.address : "", stop: new AbortController() };
  say("");
  said.before(progress);
  show(true);
  said.scrollIntoView({ block: "nearest" }); // how far it has come, and what cancels it, are in sight
  try {
    if (stopped && !running.address) await cancel(stopped.address);
    const onProgress = (part) => {
      progress.querySelector("progress").value = Math.floor(part * 100);
      say(`${Math.floor(part * 100)} %`);
    };
    await send(file, onProgress, say);
    done();
    return null;
  } catch (error) {
    const wanted = running.stop.signal.aborted;
    const { address } = running;
    // this page does not go on with it by itself: left open, it would keep what had arrived before from being sent
    const became = address ? await cancel(address) : { cancelled: true };
    if (became.arrived) {
      done();
      return null;
    }
    running = null;
    if (!became.cancelled && !(error instanceof Ended)) behind = { address, file };
    show(false, !became.cancelled);
    const why = NOT_CANCELLED[became.status] ?? NOT_CANCELLED.other;
    if (wanted) say(became.cancelled ? "The upload was cancelled. Nothing of it is kept here." : why);
    else say(error instanceof SignedOut ? `${error.message} ${kept} ${AGAIN} “${button.textContent}” again.` : error.message);
    if (wanted || document.activeElement === document.body) button.focus();
    return wanted ? null : error;
  }
}

progress?.querySelector("[data-cancel]").addEventListener("click", ({ target }) => {
  target.disabled = true;
  running?.stop.abort();
});

form?.addEventListener("submit", (event) => {
  const file = form.elements.file.files[0];
  if (!file) return;
  event.preventDefault();
  sendAndShow(file);
});
