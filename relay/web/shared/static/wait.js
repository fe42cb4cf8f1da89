// While a safe copy is being made: look again now and then. Which step it is in is brought up to date (and read out only when
// it is another); the page is shown anew when it has come further than that.
import { fetched } from "./session.js";

const SOON = 40;
const LATER = 10;
const shown = document.querySelector(".state")?.textContent;

async function look() {
  const page = await fetched(location.pathname, { another: true });
  if (page && page.querySelector(".state")?.textContent !== shown) {
    location.reload();
    return;
  }
  for (const part of ["[data-step]", "[data-percent]"]) {
    const [here, there] = [document, page].map((one) => one?.querySelector(part));
    if (here && there && here.textContent !== there.textContent) here.textContent = there.textContent;
  }
  // not for ever: looking keeps a session open that nobody may be sitting at
  looks += 1;
  if (looks < SOON + LATER) setTimeout(look, looks < SOON ? 5000 : 30000);
}

let looks = 0;
setTimeout(look, 3000);
