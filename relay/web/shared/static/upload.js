// Uploads in parts that can be resumed (tus 1.0), with progress; while one runs, nothing is sent, and it can be cancelled.
// Without this file the form sends the file by itself.
const PART = 8 * 1024 * 1024;
const form = document.querySelector("form[data-upload]");

const headersOf = (more) => ({ "Tus-Resumable": "1.0.0", "X-Relay-CSRF": form.dataset.csrf, ...more });
const pause = (milliseconds, signal) =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", resolve, { once: true });
  });

class Ended extends Error {} // from elsewhere, or expired: nothing can come of it any more
let running = null; // { address, stop }: stop is an AbortController

async function refusal(answer) {
  const problem = await answer.json().catch(() => null);
  return new Error(problem?.detail ?? "The upload did not work. Please try again.");
}

async function begin(file) {
  const answer = await fetch("/api/v1/uploads", {
    method: "POST",
    headers: headersOf({ "Upload-Length": String(file.size), "Upload-Metadata": `item_id ${btoa(form.dataset.upload)}` }),
  });
  if (answer.status !== 201) throw await refusal(answer);
  return answer.headers.get("Location");
}

async function stands(address, signal) {
  const answer = await fetch(address, { method: "HEAD", headers: headersOf({}), signal });
  if (answer.status === 404 || answer.status === 410) throw new Ended("The upload was cancelled, or has expired. Nothing of it is kept.");
  if (!answer.ok) throw new Error("The upload cannot go on. Please start it again.");
  return Number(answer.headers.get("Upload-Offset"));
}

// Not DELETE: the last part may have arrived a moment ago, and then the file is there and stays.
async function cancel(address) {
  const fields = new URLSearchParams({ csrf: form.dataset.csrf, upload_id: address.split("/").pop() });
  const answer = await fetch(`/items/${form.dataset.upload}/cancel`, { method: "POST", body: fields, redirect: "manual" }).catch(() => null);
  return { arrived: answer?.status === 409, cancelled: answer?.type === "opaqueredirect", status: answer?.status ?? 0 };
}

async function sendPart(address, file, offset, signal) {
  const answer = await fetch(address, {
    method: "PATCH",
    headers: headersOf({ "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) }),
    body: file.slice(offset, offset + PART),
    signal,
  });
  if (answer.status === 204) return Number(answer.headers.get("Upload-Offset"));
  if (answer.status === 409 || answer.status >= 500) return offset;
  throw await refusal(answer);
}

async function send(file, onProgress) {
  const address = await begin(file);
  const { signal } = running.stop;
  running.address = address;
  let offset = 0;
  let failed = 0;
  while (offset < file.size) {
    let now = offset;
    try {
      now = await sendPart(address, file, offset, signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // a refusal is final, and so is the author's word
    }
    signal.throwIfAborted();
    if (now > offset) {
      offset = now;
      failed = 0;
      onProgress(offset / file.size);
      continue;
    }
    // no connection, or the part before is still awaited on a line that died: wait, ask where it stands, go on
    if (++failed > 8) throw new Error("The upload could not go on. Please look to your connection and start it again.");
    await pause(1000 * 2 ** Math.min(failed, 5), signal);
    signal.throwIfAborted();
    const found = await stands(address, signal).catch((error) => {
      if (error instanceof Ended) throw error;
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
  const before = document.querySelector("form[data-send]");
  if (!before) return;
  const why = before.querySelector("[data-send-waits]");
  before.querySelector("button[type=submit]").disabled = waits;
  why.textContent = waits ? why.dataset.sendWaits : "";
}

// `parts`: some of it may be kept at the service, from now or from before.
function show(runs, parts = false) {
  form.querySelector("[data-progress]").hidden = !runs;
  form.querySelector("progress").value = 0;
  form.querySelector("[data-cancel]").disabled = false;
  form.querySelector("[data-only-here]")?.toggleAttribute("hidden", runs || parts);
  form.querySelector("button[type=submit]").disabled = runs;
  document.querySelector("[data-keep]")?.toggleAttribute("disabled", runs);
  hold(runs);
}

export async function sendAndShow(file) {
  if (running) return;
  const said = form.querySelector("[data-said]");
  if (!file.size) {
    said.textContent = EMPTY;
    return;
  }
  running = { address: "", stop: new AbortController() };
  said.textContent = "";
  show(true);
  try {
    await send(file, (part) => {
      form.querySelector("progress").value = Math.floor(part * 100);
      said.textContent = `${Math.floor(part * 100)} %`;
    });
    location.replace(`${location.pathname}?done=uploaded`);
  } catch (error) {
    // this page does not go on with it: left open, it would keep what had arrived before from being sent
    const became = running.address ? await cancel(running.address) : { cancelled: true };
    const wanted = running.stop.signal.aborted;
    if (became.arrived) {
      location.replace(`${location.pathname}?done=uploaded`);
      return;
    }
    running = null;
    show(false, !became.cancelled);
    const why = NOT_CANCELLED[became.status] ?? NOT_CANCELLED.other;
    said.textContent = !wanted ? error.message : became.cancelled ? "The upload was cancelled. Nothing of it is kept here." : why;
    if (wanted) form.querySelector("button[type=submit]").focus();
  }
}

form?.querySelector("[data-cancel]").addEventListener("click", ({ target }) => {
  target.disabled = true;
  running?.stop.abort();
});

form?.addEventListener("submit", (event) => {
  const file = form.elements.file.files[0];
  if (!file) return;
  event.preventDefault();
  sendAndShow(file);
});
