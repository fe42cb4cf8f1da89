// Keeps a letter while it is written: a minute after the last key, and before the session runs out. The Save button works
// without this file. Nothing is kept in the browser.
const form = document.querySelector("form[data-draft]");

if (form) {
  const text = form.elements.text;
  const said = form.querySelector("[data-saved]");
  let kept = text.value;
  let timer = 0;
  let done = "Saved.";

  const save = async () => {
    const now = text.value;
    if (now === kept) return;
    const answer = await fetch(form.dataset.draft, {
      method: "PUT",
      headers: { "Content-Type": "application/json", "X-Relay-CSRF": form.elements.csrf.value },
      body: JSON.stringify({ text: now }),
    }).catch(() => null);
    if (answer?.ok) {
      kept = now;
      said.textContent = done;
    } else {
      const problem = await answer?.json().catch(() => null);
      said.textContent = problem?.detail ?? "Not saved: there is no connection. Please try Save in a moment.";
    }
  };

  text.addEventListener("input", () => {
    said.textContent = "";
    clearTimeout(timer);
    timer = setTimeout(save, 60_000);
  });

  const idle = Number(form.dataset.idle) * 60_000;
  setTimeout(async () => {
    // from here on a save that was under way already ends in these words too, and not over them
    done = "Your session ends in about two minutes if you do nothing. What you wrote is saved.";
    await save();
    if (text.value === kept) said.textContent = done;
  }, Math.max(60_000, idle - 120_000));
}
