// Hiding parts: words from what is selected, times from the player, areas drawn on a page. Without this file they are typed.
const form = document.querySelector("form[data-hide]");
for (const hidden of document.querySelectorAll("[data-script]")) hidden.hidden = false;

const written = (seconds) => {
  const ms = Math.round(seconds * 1000);
  const part = (number, digits) => String(number).padStart(digits, "0");
  return `${Math.floor(ms / 60000)}:${part(Math.floor(ms / 1000) % 60, 2)}.${part(ms % 1000, 3)}`;
};

const seconds = (typed) => typed.trim().replace(",", ".").split(":").reduce((sum, part) => sum * 60 + Number(part), 0);

const player = document.querySelector("[data-player]");
const LEAD = 2;

function playFrom(at) {
  if (!Number.isFinite(at)) return;
  player.currentTime = Math.max(0, at);
  player.play();
  player.scrollIntoView({ block: "nearest" });
}

for (const button of form.querySelectorAll("[data-now]")) {
  button.addEventListener("click", () => {
    button.closest("[data-row]").querySelector(`[name=${button.dataset.now}]`).value = written(player.currentTime);
  });
}
for (const button of form.querySelectorAll("[data-lead]")) {
  button.addEventListener("click", () => playFrom(seconds(button.closest("[data-row]").querySelector("[name=from]").value) - LEAD));
}
for (const button of document.querySelectorAll("[data-play]")) {
  button.addEventListener("click", () => playFrom(Number(button.dataset.play)));
}

const letter = document.querySelector("[data-selectable]");
const words = form.querySelector("[name=words]");
let selected = "";
if (letter) {
  // pressing a button may end the selection, so it is kept as it changes
  document.addEventListener("selectionchange", () => {
    const now = document.getSelection();
    if (now.rangeCount && letter.contains(now.anchorNode) && letter.contains(now.focusNode)) selected = now.toString();
  });
  form.querySelector("[data-take]").addEventListener("click", () => {
    const phrase = selected.replace(/\s+/g, " ").trim();
    form.querySelector("[data-none]").hidden = Boolean(phrase);
    if (!phrase) return;
    words.value = `${words.value.trimEnd()}${words.value.trim() ? "\n" : ""}${phrase}\n`;
    words.focus();
  });
}

const drawable = document.querySelector("[data-drawable]");
const finger = document.querySelector("[data-finger] input");
const EDGES = ["left", "top", "right", "bottom"];
const rows = () => [...form.querySelectorAll("[data-row]")];
const field = (row, name) => row.querySelector(`[name=${name}]`);
const number = (row, name) => Number(field(row, name).value.replace(",", "."));

function freeRow() {
  const free = rows().find((row) => [...row.querySelectorAll("input")].every((input) => !input.value.trim()));
  if (free) return free;
  const next = rows().at(-1).cloneNode(true);
  next.querySelector("legend").textContent = `Area ${rows().length + 1}`;
  for (const input of next.querySelectorAll("input")) input.value = "";
  rows().at(-1).after(next);
  return next;
}

// what stands in the fields, drawn on the pages
function paint() {
  for (const mark of drawable.querySelectorAll(".drawn")) mark.remove();
  const sheets = drawable.querySelectorAll(".areas");
  for (const row of rows()) {
    row.querySelector("[data-clear]").hidden = [...row.querySelectorAll("input")].every((input) => !input.value.trim());
    const [left, top, right, bottom] = EDGES.map((name) => number(row, name) * 100);
    const sheet = sheets[number(row, "page") - 1];
    if (!sheet || !(right > left && bottom > top)) continue;
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    const places = { class: "drawn", x: left, y: top, width: right - left, height: bottom - top };
    for (const [name, value] of Object.entries(places)) mark.setAttribute(name, value);
    sheet.append(mark);
  }
}

function drawOn(page, count) {
  const share = (event) => {
    const box = page.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height].map((part) =>
      Math.round(Math.min(1, Math.max(0, part)) * 10000) / 100);
  };
  page.draggable = false;
  page.addEventListener("pointerdown", (down) => {
    if ((down.pointerType !== "mouse" && !finger.checked) || down.button !== 0) return; // by itself a finger scrolls
    down.preventDefault();
    page.setPointerCapture(down.pointerId);
    const row = freeRow();
    const [x, y] = share(down);
    const fill = (event) => {
      const [toX, toY] = share(event);
      const values = [Math.min(x, toX), Math.min(y, toY), Math.max(x, toX), Math.max(y, toY)];
      field(row, "page").value = count;
      EDGES.forEach((name, place) => { field(row, name).value = values[place]; });
      paint();
    };
    const stop = () => {
      page.removeEventListener("pointermove", fill);
      const tiny = number(row, "right") - number(row, "left") < 0.3 || number(row, "bottom") - number(row, "top") < 0.3;
      if (tiny) for (const input of row.querySelectorAll("input")) input.value = "";
      paint();
    };
    page.addEventListener("pointermove", fill);
    page.addEventListener("lostpointercapture", stop, { once: true });
  });
}

if (drawable) {
  drawable.querySelectorAll(".sheets img").forEach((page, place) => drawOn(page, place + 1));
  form.addEventListener("input", paint);
  form.addEventListener("click", ({ target }) => {
    if (!target.matches("[data-clear]")) return;
    for (const input of target.closest("[data-row]").querySelectorAll("input")) input.value = "";
    paint();
  });
  document.querySelector("[data-finger]").hidden = !navigator.maxTouchPoints;
  finger.checked = false; // a browser that brings a page back may tick it
  finger.addEventListener("change", () => drawable.classList.toggle("finger", finger.checked));
  paint();
}
