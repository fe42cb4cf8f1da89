// Somebody is here, or nobody is. While they type, read on or play something their session goes on; before it ends they are
// told; and when it has ended, here or by leaving in another window, nothing of the page is shown any more. What somebody was
// writing, recording or about to send stays with the page, out of sight, until they have signed in in another window.
// Without this file the session ends some time after the last page that was asked for.
import { askFirst, onLeaving, personOf, renewed, SignedOut, SomebodyElse } from "./session.js";

// only the desk asks before it lets go of what was typed
const asks = document.querySelector("script[src='/static/typed.js']");
const { unsent } = asks ? await import("./typed.js") : { unsent: () => false };
const [letter, file, onlyHere] = ["form[data-draft]", "form[data-upload]", "#f-only-here"].map((one) => document.querySelector(one));
// without its own script nothing of a letter is saved before somebody presses Save
const typed = () => letter && !letter.hasAttribute("data-saves") && letter.elements.text.value !== letter.elements.text.defaultValue;
// what is chosen or recorded is nowhere but here, and so are words that came too late to be saved
const unkept = () => file || onlyHere || letter?.hasAttribute("data-unsaved") || typed() || unsent();

// none where something is recorded, which holds the session by itself
const IDLE = Number(document.querySelector("meta[name=idle]")?.content) * 60_000;
const AHEAD = Math.min(120_000, IDLE / 2);
const TELL = Math.min(240_000, IDLE / 4);
const EVERY = 2_000;
const AGAIN = 20_000;

const others = new BroadcastChannel("windows"); // the other windows of this browser: whose session is used there, or "ended"
let asked = Date.now(); // when the server was last asked for something, as far as is known here
let used = false; // since then
let later = 0; // it did not answer: it is asked again from then on
let warning = null;
let covered = null; // what the page showed
let changes = 0; // of who is here, and presses to show the page again: only the last one's answer counts
let seen = Date.now(); // the last sign of somebody

for (const sign of ["pointerdown", "keydown", "input", "wheel", "timeupdate"]) {
  const here = () => {
    used = true;
    const now = Date.now();
    if (now - Math.max(asked, seen) < IDLE) seen = now; // not who comes when the time is over
  };
  document.addEventListener(sign, here, { capture: true, passive: true });
}

const tokens = () => document.querySelectorAll("input[name=csrf]");
const out = document.querySelector('form[action="/sign-out"]');
const mine = () => personOf(tokens()[0].value);
const made = (name, words, more = {}) => Object.assign(document.createElement(name), { textContent: words }, more);

function goesOn(since = Date.now()) {
  asked = since;
  warning?.remove();
  warning = null;
}

async function tell() {
  const [before, asking] = [asked, changes];
  [asked, used] = [Date.now(), false];
  try {
    await renewed(tokens()[0].value);
    if (asking !== changes) return; // somebody else came meanwhile
    goesOn(asked);
    others.postMessage(mine());
  } catch (error) {
    if (error instanceof SignedOut) cover(error.message);
    else [asked, later] = [before, Date.now() + AGAIN]; // no answer
    used = true;
  }
}

function warn() {
  if (warning) return;
  const soon = AHEAD < 90_000 ? "in half a minute" : "in about two minutes";
  const stay = made("button", "Stay signed in", { type: "button", className: "main", onclick: tell });
  warning = made("div", "", { className: "note warn waiting", role: "alert" });
  warning.append(
    made("p", `Nothing was done here for a while. Your session ends ${soon}, and this page is covered then.`),
    stay,
  );
  document.body.append(warning);
}

function cover(words) {
  warning?.remove();
  warning = null;
  if (covered) return;
  const kept = unkept();
  const main = document.querySelector("main");
  for (const player of main.querySelectorAll("audio, video")) player.pause();
  covered = { kept, title: document.title, content: document.createDocumentFragment() };
  covered.content.append(...main.childNodes);
  out.hidden = true; // it could sign out nobody
  document.title = `Signed out – ${document.title.split(" – ").at(-1)}`;
  const said = made("p", "", { role: "status" });
  // whoever signs in next at a participant's browser is not led to where somebody was
  const back = kept || !asks ? "" : `?then=${encodeURIComponent(location.pathname)}`;
  const into = made("a", kept ? "Sign in in another window" : "Sign in", { href: `/sign-in${back}`, className: "button main" });
  if (kept) Object.assign(into, { target: "_blank", rel: "noopener" });
  main.replaceChildren(made("h1", "Signed out"), made("p", `${words} What this page showed is covered.`), said);
  const what = file ? "What you may have chosen or recorded" : "What you typed";
  if (kept) said.before(made("p", `${what} here is not lost: sign in in another window, then come back to this one.`));
  else if (letter) said.before(made("p", "What you wrote is saved."));
  const actions = made("div", "", { className: "actions" });
  actions.append(into);
  if (kept) actions.append(made("button", "I have signed in: show this page again", { type: "button", onclick: () => uncover(said) }));
  main.append(actions);
  main.focus();
  document.dispatchEvent(new Event("relay:covered"));
}

async function uncover(said) {
  const asking = ++changes;
  try {
    await renewed(tokens()[0].value);
  } catch (error) {
    if (asking !== changes) return;
    if (!(error instanceof SignedOut)) said.textContent = "There is no answer at the moment. Try again.";
    else if (!(error instanceof SomebodyElse)) said.textContent = "You are not signed in yet.";
    else said.textContent = `${error.message} What is here can be shown to nobody but who it is from.`;
    return;
  }
  if (asking !== changes) return; // pressed again, or somebody else came meanwhile
  const [{ value }] = tokens();
  document.querySelector("main").replaceChildren(covered.content);
  for (const field of tokens()) field.value = value;
  document.title = covered.title;
  covered = null;
  out.hidden = false;
  goesOn();
  document.querySelector("main").focus();
  document.dispatchEvent(new Event("relay:uncovered"));
}

async function tick() {
  const since = Date.now() - asked;
  if (!covered) {
    // who types on without a connection is not covered
    if (since > IDLE && Date.now() - seen > IDLE) cover("Your session has ended, because nothing was done here for a while.");
    else if (used && (warning || since > TELL)) Date.now() > later && (await tell());
    else if (since > IDLE - AHEAD) warn();
  }
  setTimeout(tick, EVERY);
}

others.onmessage = ({ data }) => {
  if (data !== mine()) changes += 1;
  if (data === "ended") cover("You have signed out in another window.");
  else if (data !== mine()) cover("Somebody else has signed in, in another window.");
  else if (!covered) goesOn();
};
document.addEventListener("submit", ({ target, defaultPrevented }) => {
  if (!defaultPrevented && target.getAttribute("action") === "/sign-out") others.postMessage("ended");
});
// quick exit is asked nothing
onLeaving(() => {
  if (covered) covered.kept = false;
  others.postMessage("ended");
});
// a page that the browser kept whole
addEventListener("pageshow", ({ persisted }) => persisted && tell());
// what is recorded asks by itself
addEventListener("beforeunload", (event) => {
  if (covered?.kept && !file) askFirst(event);
});
others.postMessage(mine());
setTimeout(tick, EVERY);
