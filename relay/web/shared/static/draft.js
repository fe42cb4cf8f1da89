// Keeps a letter while it is written: soon after a pause in typing, every ten seconds while it goes on, when the page is
// left. The Save button works without this file. Nothing is kept in the browser.
// Each save is an entry in the case's audit chain: their number tells how long somebody wrote, so they are not many.
import { askFirst, onLeaving, renewed, within } from "./session.js";

const PAUSE = 1_500;
const LONGEST = 10_000; // what was typed waits no longer, however fast the typing goes on
const LEAST_BETWEEN = 5_000;
const AGAIN = 15_000;
const MOST_WAITED = 60_000; // the longest letter has passed at 20 kbit/s by then
const MOST_VERSIONS = 8;
const MOST_KEEPALIVE = 60_000; // bytes: a browser takes 64 KiB with pages that go
const form = document.querySelector("form[data-draft]");

if (form) {
  const { text, versions } = form.elements;
  const said = form.querySelector("[data-saved]");
  const how = form.querySelector("[data-by-itself]");
  const byHand = how.textContent;
  const empty = document.querySelector("[data-by-now]");
  let kept = form.hasAttribute("data-unsaved") ? null : text.value; // what was refused is kept nowhere else
  let timer = 0;
  let since = 0; // when the oldest of what is not on its way was typed; 0 if nothing
  let saving = null;
  let newest = 0; // of the tries to save
  let left = null; // what set out when the page was left
  let stopped = form.dataset.unsaved === "elsewhere"; // it was saved in another window meanwhile
  let lost = false; // what this window sends does not arrive: its form, too, would lead to a page without these words
  let last = -LEAST_BETWEEN;

  // the same words are not said twice: who listens to the page hears of it once a minute at most
  const say = (words, failed = false) => {
    if (said.textContent !== words) said.textContent = words;
    said.classList.toggle("wrong", failed);
  };
  const bySelf = () => {
    how.textContent = stopped ? byHand : how.dataset.byItself;
  };
  const clock = () => new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  const mark = () => form.toggleAttribute("data-unsaved", text.value !== kept);
  const later = (wait) => {
    clearTimeout(timer);
    timer = setTimeout(save, wait);
  };

  const WHY = {
    401: "you are signed out. What you wrote is still in this window: sign in in another one, then press Save here. Or copy it before you close this.",
    offline: "there is no connection. What you wrote is still in this window, and saving is tried again.",
  };

  // what this window has sent is its own from then on, also when the answer was lost; not waited for: a page that goes
  // has no time
  const own = async (now) => {
    const hash = await crypto.subtle?.digest("SHA-256", new TextEncoder().encode(now));
    const hex = hash && [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    versions.value = hex && versions.value ? [...versions.value.split(" "), hex].slice(-MOST_VERSIONS).join(" ") : "";
  };

  const put = async (now, leaving = false, again = false) => {
    const number = ++newest;
    const body = new TextEncoder().encode(JSON.stringify({ text: now, known: versions.value.split(" ").filter(Boolean) }));
    const sent = fetch(form.dataset.draft, {
      method: "PUT",
      keepalive: leaving && body.length < MOST_KEEPALIVE,
      headers: { "Content-Type": "application/json", "X-Relay-CSRF": form.elements.csrf.value },
      body,
      signal: within(MOST_WAITED),
    }).catch(() => null);
    await own(now);
    const answer = await sent;
    if (number !== newest) return; // another set out since, on top of this one
    left = null;
    const out = answer?.status === 401 || answer?.status === 403;
    // whoever has signed in anew in another window goes on in this one
    const anew = out && !leaving && !again && renewed(form.elements.csrf.value).catch(() => "");
    if (await anew) return put(now, leaving, true);
    lost = out || !answer || answer.status >= 500 || answer.status === 429;
    if (answer?.ok) kept = now;
    else if (!answer || answer.status >= 500) kept = null; // whether it was kept is not known
    mark();
    if (answer?.ok) {
      if (now.trim() && empty) empty.textContent = empty.dataset.byNow;
      say(`Saved at ${clock()}.`);
      return;
    }
    const problem = await answer?.json().catch(() => null);
    say(`Not saved: ${WHY[out ? 401 : (answer?.status ?? "offline")] ?? problem?.detail ?? WHY.offline}`, true);
    if (lost && !out) later(AGAIN);
    if (answer?.status === 409) {
      stopped = true; // only whoever reads so, and presses Save, writes over that
      bySelf();
      versions.value = "";
      for (const send of form.querySelectorAll('[value="send"]')) send.hidden = true;
    }
  };

  async function save() {
    clearTimeout(timer);
    while (saving) await saving; // on a slow line several wait here, and one at a time goes on
    since = 0;
    if (text.value === kept || stopped) return;
    last = performance.now();
    saving = put(text.value).finally(() => {
      saving = null;
    });
    await saving;
  }

  // nothing is waited for: not even for a try that is under way, which goes with the page
  function leave() {
    if (text.value === kept || text.value === left || stopped) return;
    left = text.value;
    put(left, true);
  }

  text.addEventListener("input", () => {
    const now = performance.now();
    mark();
    since ||= now;
    later(Math.max(0, Math.min(PAUSE, since + LONGEST - now), last + LEAST_BETWEEN - now));
  });
  // what nothing saves is asked about before the page goes: but nothing is asked who leaves in a hurry, or has read why
  let asks = true;
  const letGo = () => {
    asks = false;
  };
  addEventListener("beforeunload", (event) => {
    if (asks && (stopped || lost) && text.value !== kept) askFirst(event);
  });
  // saved from here first: if that is all that was asked for, or if it cannot be, the page stays
  let going = false;
  form.addEventListener("submit", async (event) => {
    const send = event.submitter?.value;
    if (going || stopped || (send && text.value === kept && !saving)) {
      kept = text.value; // the form takes it along
      clearTimeout(timer);
      letGo();
      return;
    }
    event.preventDefault();
    await save();
    // another window's version was found by this press: nothing is written over, or sent, that nobody has read of yet
    if (lost || stopped) {
      said.scrollIntoView({ block: "center" });
    } else if (text.value === kept && !send) {
      say(`Saved at ${clock()}.`);
    } else {
      going = true;
      form.requestSubmit(event.submitter);
    }
  });
  // what was written since is kept first, and only then the form goes; why it was not kept stands where it is scrolled to
  const afterSaving = (selector, waits) => {
    let saved = false;
    document.querySelector(selector)?.addEventListener("submit", async (event) => {
      if ((saved && text.value === kept) || !waits()) {
        letGo();
        return;
      }
      event.preventDefault();
      await save();
      saved = text.value === kept;
      if (saved) event.target.requestSubmit(event.submitter);
      else said.scrollIntoView({ block: "center" });
    });
  };
  // it was empty when this page was made: it is not removed unread
  afterSaving("form[data-empty]", () => text.value.trim());
  // after these nothing more is kept; who presses again, having read why the words were not, is let go
  for (const selector of ['form[action="/sign-out"]', 'form[action$="/withdraw"]']) {
    let pressed = 0;
    afterSaving(selector, () => form.isConnected && text.value !== kept && pressed++ === 0);
  }
  // a telephone shows another app, or the window is closed; not every browser says both
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") leave();
  });
  addEventListener("pagehide", leave);
  document.addEventListener("relay:leave", leave);
  onLeaving(letGo);
  document.addEventListener("relay:uncovered", () => text.value !== kept && later(0));
  form.toggleAttribute("data-saves", true);
  bySelf();
  if (stopped) say("Not saved. It is kept once you press Save.", true);
}
