// An item's page follows what becomes of it: a version that is being made, the evidence that all of it was served, a change
// by a colleague. Without this file there is a link to look again. While somebody does something here, what they have in
// hand is kept for them; when they stop, so does this, and their session ends as it would have.
import { fetched } from "./session.js";
import { unsent } from "./typed.js";

const EVERY = 4_000;
const KEEP = 4 * 60_000;
const PATIENCE = 15 * 60_000;

let used = true; // since the last time that the server was told
let last = performance.now();
let asked = performance.now();

for (const sign of ["pointerdown", "keydown", "input", "wheel", "timeupdate"]) {
  document.addEventListener(sign, () => {
    used = true;
    last = performance.now();
  }, { capture: true, passive: true });
}

// put the new words in place, and only if they are other words: each change is read out
function place(page) {
  for (const name of ["standing", "seen"]) {
    const [old, fresh] = [document.getElementById(name), page.getElementById(name)];
    if (!old || !fresh) continue;
    if (old.textContent.trim() !== fresh.textContent.trim()) old.replaceChildren(...fresh.childNodes);
    old.toggleAttribute("data-awaited", fresh.hasAttribute("data-awaited"));
    old.toggleAttribute("data-ready", fresh.hasAttribute("data-ready"));
  }
  const all = Boolean(page.getElementById("seen")?.hasAttribute("data-all"));
  for (const button of document.querySelectorAll("[data-main-when-seen]")) button.classList.toggle("main", all);
}

// what was waited for is there: the page is shown as it is now, around the words that say so
async function show() {
  const region = document.getElementById("standing");
  const page = await fetched(location.pathname);
  // typed in meanwhile, or covered: then it is not shown again
  if (!page || unsent() || !region.isConnected) return;
  const main = document.querySelector("main");
  main.replaceChildren(...page.querySelector("main").childNodes);
  const fresh = document.getElementById("standing");
  region.dataset.opened = fresh.dataset.opened;
  region.toggleAttribute("data-awaited", fresh.hasAttribute("data-awaited"));
  region.removeAttribute("data-ready");
  fresh.replaceWith(region);
  const words = document.createElement("p");
  words.textContent = "It is made. This page shows it now.";
  region.replaceChildren(words);
  document.dispatchEvent(new Event("relay:shown"));
}

async function look() {
  const region = document.getElementById("standing");
  const { address, opened } = region.dataset;
  const query = new URLSearchParams({ opened, used: String(used) });
  [used, asked] = [false, performance.now()];
  const page = await fetched(`${address}?${query}`);
  if (page) place(page);
  if (region.hasAttribute("data-ready") && !unsent()) await show();
  return Boolean(page);
}

// to keep it for longer the page need not be left; where that fails, the button's form takes along what was typed
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-more-time]");
  if (!button) return;
  event.preventDefault();
  used = true;
  if (!(await look())) button.form.submit();
  const said = document.querySelector("[data-more-time-said]");
  if (said) said.textContent = "It is kept for you for longer.";
});

async function tick() {
  const region = document.getElementById("standing");
  const now = performance.now();
  const waiting = region?.hasAttribute("data-awaited") && now - last < PATIENCE;
  const keeping = used && now - asked > KEEP;
  if (region && !document.hidden && (waiting || keeping)) await look();
  setTimeout(tick, EVERY);
}

setTimeout(tick, EVERY);
