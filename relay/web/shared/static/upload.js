// Uploads in parts that can be resumed (tus 1.0), with progress. Without this file the form sends the file by itself.
const PART = 8 * 1024 * 1024;
const form = document.querySelector("form[data-upload]");

const headersOf = (more) => ({ "Tus-Resumable": "1.0.0", "X-Relay-CSRF": form.dataset.csrf, ...more });
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

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

async function stands(address) {
  const answer = await fetch(address, { method: "HEAD", headers: headersOf({}) });
  if (!answer.ok) throw new Error("The upload cannot go on. Please start it again.");
  return Number(answer.headers.get("Upload-Offset"));
}

async function sendPart(address, file, offset) {
  const answer = await fetch(address, {
    method: "PATCH",
    headers: headersOf({ "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset) }),
    body: file.slice(offset, offset + PART),
  });
  if (answer.status === 204) return Number(answer.headers.get("Upload-Offset"));
  if (answer.status === 409 || answer.status >= 500) return offset;
  throw await refusal(answer);
}

export async function send(file, onProgress) {
  const address = await begin(file);
  let offset = 0;
  let failed = 0;
  while (offset < file.size) {
    let now = offset;
    try {
      now = await sendPart(address, file, offset);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // a refusal is final
    }
    if (now > offset) {
      offset = now;
      failed = 0;
      onProgress(offset / file.size);
      continue;
    }
    // no connection, or the part before is still awaited on a line that died: wait, ask where it stands, go on
    if (++failed > 8) throw new Error("The upload could not go on. Please look to your connection and start it again.");
    await pause(1000 * 2 ** Math.min(failed, 5));
    const found = await stands(address).catch(() => offset);
    if (found > offset) failed = 0; // some of it arrives each time
    offset = found;
  }
}

export const EMPTY = "The file is empty. Choose another one.";

export async function sendAndShow(file) {
  const area = form.querySelector("[data-progress]");
  const bar = area.querySelector("progress");
  const said = form.querySelector("[data-said]");
  if (!file.size) {
    said.textContent = EMPTY;
    return;
  }
  const button = form.querySelector("button[type=submit]");
  area.hidden = false;
  said.textContent = "";
  button.disabled = true;
  try {
    await send(file, (part) => {
      bar.value = Math.floor(part * 100);
      said.textContent = `${bar.value} %`;
    });
    location.replace(`${location.pathname}?done=uploaded`);
  } catch (error) {
    area.hidden = true;
    said.textContent = error.message;
    button.disabled = false;
  }
}

form?.addEventListener("submit", (event) => {
  const file = form.elements.file.files[0];
  if (!file) return;
  event.preventDefault();
  sendAndShow(file);
});
