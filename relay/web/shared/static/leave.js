// Quick exit: the button, or Shift three times within a second and a half. The form works without this file; with it, the
// page is replaced, so that Back does not lead here, and nothing waits for our answer.
const form = document.querySelector("form[data-exit]");

function leave() {
  document.documentElement.hidden = true;
  document.dispatchEvent(new Event("relay:leave")); // what is written may set out first; nothing waits for it
  fetch(form.action, { method: "POST", keepalive: true, redirect: "manual" }).catch(() => {});
  location.replace(form.dataset.exit);
}

if (form) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    leave();
  });
  let presses = [];
  addEventListener("keydown", (event) => {
    if (event.key !== "Shift" || event.repeat) {
      if (event.key !== "Shift") presses = [];
      return;
    }
    const now = performance.now();
    presses = [...presses.filter((at) => now - at < 1500), now];
    if (presses.length >= 3) leave();
  });
  // A page that the browser kept whole shows nothing when it comes back; it is fetched again, and that needs a session.
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    document.documentElement.hidden = true;
    location.reload();
  });
}
