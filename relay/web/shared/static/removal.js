// What stands under "Remove it" of a draft that is empty at the service, while this window holds something for it: "recorded"
// before "chosen", since only the first is nowhere else.
const line = document.querySelector("[data-recorded]");
const empty = line?.textContent;
const held = { recorded: false, chosen: false };

export function holds(what, is) {
  held[what] = is;
  if (!line) return;
  const words = held.recorded ? line.dataset.recorded : held.chosen ? line.dataset.chosen : empty;
  if (line.textContent !== words) line.textContent = words;
}
