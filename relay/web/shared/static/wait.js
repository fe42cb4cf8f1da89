// While a safe copy is being made: look again now and then, and show the page anew when something has changed.
const shown = document.querySelector(".state")?.textContent;

async function look() {
  const answer = await fetch(location.pathname).catch(() => null);
  const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  if (page && page.querySelector(".state")?.textContent !== shown) location.reload();
  else if (++looks < 40) setTimeout(look, 5000);
}

let looks = 0;
setTimeout(look, 3000);
