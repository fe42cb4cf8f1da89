// Recording in the browser, where it can. The recording stays in memory until it is uploaded or thrown away.
import { sendAndShow } from "./upload.js";

const section = document.querySelector("[data-record]");
const TYPES = { audio: ["audio/webm", "audio/mp4"], video: ["video/webm", "video/mp4"] };

if (section && navigator.mediaDevices?.getUserMedia && window.MediaRecorder) {
  const kind = section.dataset.record;
  const [start, stop, keep] = ["start", "stop", "keep"].map((name) => section.querySelector(`[data-${name}]`));
  const preview = section.querySelector("[data-preview]");
  const said = section.querySelector("[data-heard]");
  let recorder = null;
  let recording = null;

  const show = (state) => {
    start.hidden = state === "recording";
    stop.hidden = state !== "recording";
    keep.hidden = state !== "done";
    preview.hidden = state === "empty" || (kind === "audio" && state === "recording");
    start.textContent = state === "done" ? "Throw it away and record again" : "Start recording";
  };

  start.addEventListener("click", async () => {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: kind === "video" });
    } catch {
      said.textContent = "The microphone or camera cannot be used. Allow it in your browser, or upload a file instead.";
      return;
    }
    const parts = [];
    const type = TYPES[kind].find((one) => MediaRecorder.isTypeSupported(one));
    recorder = new MediaRecorder(stream, { mimeType: type });
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => {
      for (const track of stream.getTracks()) track.stop();
      recording = new Blob(parts, { type });
      preview.srcObject = null;
      preview.muted = false;
      preview.src = URL.createObjectURL(recording);
      said.textContent = "Recorded. Play it, then upload it or record again.";
      show("done");
    });
    if (kind === "video") {
      preview.muted = true;
      preview.srcObject = stream;
      preview.play().catch(() => {});
    }
    recorder.start(1000);
    said.textContent = "Recording.";
    show("recording");
  });
  stop.addEventListener("click", () => recorder.stop());
  keep.addEventListener("click", () => sendAndShow(recording));
  section.hidden = false;
  show("empty");
}
