// The session that this browser has by now. A page that is older than it goes on with its token, if it is the same person's.
export class SignedOut extends Error {} // the session has ended, or is another person's
export class SomebodyElse extends SignedOut {} // it is another person's: who asks again keeps that open

// Does this when somebody leaves in a hurry, also where the script of that did not arrive.
export function onLeaving(act) {
  document.addEventListener("relay:leave", act);
  document.querySelector("form[data-exit]")?.addEventListener("submit", act, { capture: true });
}

// The browser asks before the page goes.
export function askFirst(event) {
  event.preventDefault();
  event.returnValue = true; // for browsers of before 2024
}

// Ends a request that nothing has answered after so many milliseconds: a line can die without a word. Older browsers, too.
export function within(most) {
  const ends = new AbortController();
  setTimeout(() => ends.abort(new TypeError("no answer")), most); // as a line that died
  return ends.signal;
}

// A page as it is now; null without an answer, and where it leads to another one, unless that is wanted.
export async function fetched(address, { another = false } = {}) {
  try {
    const answer = await fetch(address, { signal: within(20_000) });
    return answer.ok && (another || !answer.redirected) ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  } catch {
    return null;
  }
}

export const personOf = (token) => token.split(".")[2];

// Asks who is signed in, which also keeps the session from ending. Answers the new token, which the page's forms have from
// then on; nothing if `old` is still good.
export async function renewed(old) {
  const answer = await fetch("/api/v1/session", { signal: within(20_000) });
  if (answer.status === 401) throw new SignedOut("You are signed out.");
  if (!answer.ok) throw new TypeError("no answer"); // as without a connection: it says nothing of who is here
  const found = await answer.json();
  if (found.csrf === old) return "";
  if (personOf(found.csrf) !== personOf(old)) throw new SomebodyElse("Somebody else is signed in by now.");
  for (const field of document.querySelectorAll("input[name=csrf]")) field.value = found.csrf;
  return found.csrf;
}
