// Recording in the browser, where it can. The recording stays in memory until it is uploaded or thrown away, and nothing but
// quick exit takes it away unasked.
import { holds } from "./removal.js";
import { askFirst, onLeaving, SignedOut, SomebodyElse } from "./session.js";
import { renew, sendAndShow } from "./upload.js";

const section = document.querySelector("[data-record]");
const TYPES = { audio: ["audio/webm", "audio/mp4"], video: ["video/webm", "video/mp4"] };
const MARGIN = 90_000; // a window in the background comes late
const LONGEST_KEPT = 3_600_000; // a recording that nobody comes back to holds no session open for longer
const part = (name) => section.querySelector(`[data-${name}]`);

if (section && navigator.mediaDevices?.getUserMedia && window.MediaRecorder) {
  const kind = section.dataset.record;
  const longest = Number(section.dataset.longest) * 1000 - MARGIN; // what is longer is refused, but only once it was sent
  const [start, stop, done, keep] = ["start", "stop", "done", "keep"].map(part);
  const [preview, heard, elapsed, said, throwing] = ["preview", "heard", "elapsed", "recording-said", "throw"].map(part);
  const waits = document.querySelector("[data-remove-waits]");
  let recorder = null;
  let recording = null;
  let begun = 0;
  let counting = 0;
  let recorded = 0; // when it was stopped
  let staying = 0;
  let ending = []; // the timers of its end
  let full = false;
  let left = false;
  let hidden = false;

  const show = (state) => {
    start.hidden = state !== "empty";
    stop.hidden = state !== "recording";
    done.hidden = part("apart").hidden = state !== "done";
    preview.hidden = state === "empty" || (kind === "audio" && state === "recording");
    elapsed.hidden = state !== "recording";
    holds("recorded", state !== "empty");
    if (state === "empty" && waits) waits.textContent = "";
  };
  // read out once; how long it has lasted so far is only shown
  const sayRecording = (first = "") => {
    heard.textContent = `${first} Recording:`.trim();
  };
  const count = () => {
    const seconds = Math.floor((performance.now() - begun) / 1000);
    elapsed.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  };
  const failed = (error) => {
    part("sign-in").hidden = !(error instanceof SignedOut);
    part("failed").hidden = !error;
  };

  // a session of somebody else's is not held open, however long this window stands there
  const letGo = (error) => {
    if (error instanceof SomebodyElse) clearInterval(staying);
  };
  const stay = async () => {
    if (recording && performance.now() - recorded > LONGEST_KEPT) return;
    const error = await renew().catch((one) => one);
    letGo(error);
    if (!(error instanceof SignedOut)) {
      part("sign-in").hidden = true;
      return;
    }
    const words = (stands) => `${error.message} The recording ${stands}. Sign in in another tab before you upload it.`;
    if (recording) said.textContent = words("is still in this window: leave it open");
    else sayRecording(words("goes on"));
    part("sign-in").hidden = false;
  };
  // while there is something that could be lost
  const hold = (holds) => {
    clearInterval(staying);
    removeEventListener("beforeunload", askFirst);
    if (!holds || left) return;
    addEventListener("beforeunload", askFirst);
    staying = setInterval(stay, (Number(section.dataset.idle) * 60_000) / 4);
  };
  const endInTime = () => {
    const last = () => sayRecording("It stops by itself in two minutes.");
    const end = () => {
      full = true;
      recorder.stop();
    };
    full = false;
    ending = [setTimeout(last, longest - 120_000), setTimeout(end, longest)];
  };
  const quiet = () => {
    clearInterval(counting);
    for (const timer of ending) clearTimeout(timer);
    for (const track of recorder?.stream.getTracks() ?? []) track.stop();
  };
  const leave = () => {
    left = true;
    hold(false);
    quiet();
  };

  function keepIt(parts, type) {
    quiet();
    if (left) return;
    recording = new Blob(parts, { type });
    recorded = performance.now();
    preview.srcObject = null;
    preview.muted = false;
    preview.src = URL.createObjectURL(recording);
    part("save").href = preview.src;
    part("save").download = `recording.${type.split("/")[1]}`;
    heard.textContent = `Recorded. ${full ? "It is as long as one can be. " : ""}${kind === "audio" ? "Listen to" : "Look at"} it, then upload it.`;
    said.textContent = "";
    failed(null);
    show("done");
    keep.focus();
  }

  start.addEventListener("click", async () => {
    let stream;
    start.disabled = true; // not twice at once
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: kind === "video" });
    } catch {
      heard.textContent = "The microphone or camera cannot be used. Allow it in your browser, or upload a file instead.";
      return;
    } finally {
      start.disabled = false;
    }
    if (hidden || left) {
      for (const track of stream.getTracks()) track.stop();
      return;
    }
    const parts = [];
    const type = TYPES[kind].find((one) => MediaRecorder.isTypeSupported(one));
    recorder = new MediaRecorder(stream, { mimeType: type });
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => keepIt(parts, type));
    if (kind === "video") {
      preview.muted = true;
      preview.srcObject = stream;
      preview.play().catch(() => {});
    }
    recorder.start(1000);
    endInTime();
    begun = performance.now();
    counting = setInterval(count, 1000);
    count();
    sayRecording();
    show("recording");
    stop.focus();
    hold(true);
    stay();
  });
  stop.addEventListener("click", () => recorder.stop());
  keep.addEventListener("click", async () => {
    failed(null);
    throwing.disabled = true;
    hold(true); // again, where it had let go
    const arrived = () => hold(false);
    const error = await sendAndShow(recording, { said, button: keep, kept: "The recording", arrived });
    letGo(error);
    failed(error);
    throwing.disabled = false;
  });
  throwing.addEventListener("click", () => {
    hold(false);
    URL.revokeObjectURL(preview.src);
    preview.removeAttribute("src");
    preview.load();
    recorder = recording = null;
    throwing.closest("details").open = false;
    said.textContent = "";
    failed(null);
    heard.textContent = "The recording is thrown away. Nothing of it is kept.";
    show("empty");
    start.focus();
  });

  for (const form of document.querySelectorAll('form[action$="/remove"]')) {
    form.addEventListener("submit", (event) => {
      if (!recorder || left) return;
      event.preventDefault();
      waits.textContent = waits.dataset.removeWaits;
      waits.scrollIntoView({ block: "center" });
    });
  }
  // nobody is recorded behind a page that is covered
  document.addEventListener("relay:covered", () => {
    hidden = true;
    clearInterval(staying);
    if (recorder?.state === "recording") recorder.stop();
  });
  document.addEventListener("relay:uncovered", () => {
    hidden = false;
    if (recording) hold(true);
  });
  // quick exit waits for no answer
  onLeaving(leave);
  addEventListener("pagehide", leave);
  section.hidden = false;
  show("empty");
}
