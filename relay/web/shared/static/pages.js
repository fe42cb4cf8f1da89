// Several photographs as one document: chosen, put in order and turned here, and sent as one upload (docs/pages-format.md).
// Nothing leaves the device before "Upload". Without this file there is a field for each page.
import { holds } from "./removal.js";
import { sendAndShow } from "./upload.js";

const MARK = Uint8Array.of(0xab, 0x50, 0x41, 0x47, 0x45, 0x53, 0x31, 0x0a);
const SIDE = 320;
const LARGEST_DECODED = 64 * 1024 * 1024;
// a browser tells a kind by the name; where it tells none, the file may be a page all the same
const MAY_BE_A_PAGE = /^$|^image\/(?!svg)|^application\/(pdf|octet-stream)$/;

const form = document.querySelector("form[data-pages]");
const most = Number(form?.dataset.pages);
const pages = []; // { file, turn, item, small }: small is a little canvas, null before it is drawn or where it cannot be

function asOne() {
  const index = new DataView(new ArrayBuffer(12 * pages.length + 4));
  pages.forEach(({ file, turn }, place) => {
    index.setBigUint64(12 * place, BigInt(file.size), true);
    index.setUint32(12 * place + 8, turn, true);
  });
  index.setUint32(12 * pages.length, pages.length, true);
  return new Blob([MARK, ...pages.map(({ file }) => file), index.buffer, MARK.slice().reverse()]);
}

async function shrink(file) {
  if (file.size > LARGEST_DECODED || file.type === "application/pdf") return null;
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return null;
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const small = document.createElement("canvas");
  small.width = Math.max(1, Math.round(picture.width * scale));
  small.height = Math.max(1, Math.round(picture.height * scale));
  small.getContext("2d").drawImage(picture, 0, 0, small.width, small.height);
  picture.close();
  return small;
}

function draw({ small, turn, item }) {
  if (!small) return;
  const look = item.querySelector("canvas");
  const sideways = turn % 180 !== 0;
  look.width = sideways ? small.height : small.width;
  look.height = sideways ? small.width : small.height;
  const context = look.getContext("2d");
  context.translate(look.width / 2, look.height / 2);
  context.rotate((turn * Math.PI) / 180);
  context.drawImage(small, -small.width / 2, -small.height / 2);
}

const area = (name) => form.querySelector(`[data-${name}]`);
const turns = { 0: "", 90: ", turned to the right", 180: ", turned upside down", 270: ", turned to the left" };

// what is uploaded replaces what had arrived before: nothing is ever added to that
const again = form && "again" in form.dataset;
const LABELS = again
  ? ["Choose all pages again: what you upload now replaces what is there", "Add more pages to these: they replace what is there"]
  : ["A PDF, or pictures of the pages", "Add more pages"];

function label() {
  form.querySelector(`label[for=${form.elements.file.id}]`).textContent = LABELS[pages.length ? 1 : 0];
}

function say(said) {
  area("moved").textContent = said;
}

function show() {
  label();
  holds("chosen", pages.length > 0);
  pages.forEach((page, place) => {
    const { item } = page;
    const name = `Page ${place + 1}`;
    item.querySelector("[data-number]").textContent = name;
    item.querySelector("canvas")?.setAttribute("aria-label", `${name}${turns[page.turn]}`);
    for (const button of item.querySelectorAll("[data-do]")) {
      button.setAttribute("aria-label", `${name}: ${button.textContent.toLowerCase()}`);
      const edge = { earlier: 0, later: pages.length - 1 }[button.dataset.do];
      button.setAttribute("aria-disabled", String(edge === place));
    }
    if (area("chosen").children[place] !== item) area("chosen").insertBefore(item, area("chosen").children[place] ?? null);
  });
}

function change(page, what) {
  const place = pages.indexOf(page);
  const other = { earlier: place - 1, later: place + 1 }[what];
  if (what === "remove") {
    pages.splice(place, 1);
    page.item.remove();
    show();
    say(`Page ${place + 1} was removed. ${pages.length} left.`);
    (pages[Math.min(place, pages.length - 1)]?.item ?? form.elements.file).focus();
  } else if (other === undefined) {
    page.turn = (page.turn + (what === "right" ? 90 : 270)) % 360;
    draw(page);
    show();
    say(`Page ${place + 1}${turns[page.turn] || " is as it was"}.`);
  } else if (pages[other]) {
    [pages[place], pages[other]] = [pages[other], page];
    show();
    say(`It is page ${other + 1} now.`);
    page.item.querySelector(`[data-do=${what}]`).focus();
  }
}

function add(file) {
  const item = area("page").content.firstElementChild.cloneNode(true);
  const page = { file, turn: 0, item, small: null };
  item.querySelector("[data-name]").textContent = file.name;
  item.addEventListener("click", ({ target }) => target.dataset?.do && change(page, target.dataset.do));
  pages.push(page);
  look(page);
}

let drawing = Promise.resolve(); // one at a time: a phone has room for one large picture
function look(page) {
  drawing = drawing.then(async () => {
    if (!pages.includes(page)) return;
    page.small = await shrink(page.file);
    const place = page.item.querySelector("[data-look]");
    if (!page.small) {
      place.textContent = MAY_BE_A_PAGE.test(page.file.type) ? "It cannot be shown here. It is sent all the same." : "This does not look like a picture or a PDF. Remove it, and choose another one.";
      return;
    }
    const canvas = document.createElement("canvas");
    canvas.setAttribute("role", "img");
    place.replaceChildren(canvas);
    draw(page);
    show();
  });
}

function choose() {
  const input = form.elements.file;
  const chosen = [...input.files];
  const files = chosen.filter(({ size }) => size);
  const empty = chosen.length - files.length;
  input.value = "";
  const taken = files.slice(0, Math.max(0, most - pages.length));
  taken.forEach(add);
  show();
  const left = files.length - taken.length;
  const out = empty ? `${empty === 1 ? "One file was" : `${empty} files were`} empty and left out. ` : "";
  say(out + (left ? `${most} pages are the most. ${left} of those you chose were left out.` : `${pages.length} chosen.`));
}

if (form) {
  const input = form.elements.file;
  input.multiple = true;
  input.required = false;
  label();
  area("several").hidden = false;
  document.querySelector("[data-plain]")?.remove();
  input.addEventListener("change", choose);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!pages.length) say("Choose a file first.");
    else sendAndShow(pages.length === 1 && !pages[0].turn ? pages[0].file : asOne());
  });
}
