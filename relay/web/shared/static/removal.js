// What stands under "Remove it" of a draft that was empty when its page was made, while this window holds something for it, or
// something of it has arrived since. What is recorded comes first: it is nowhere else.
const line = document.querySelector("[data-recorded]");
const empty = line?.textContent;
const held = { recorded: false, arrived: false, chosen: false };

export function holds(what, is) {
  held[what] = is;
  if (!line) return;
  const { recorded, byNow, chosen } = line.dataset;
  const words = (held.recorded && recorded) || (held.arrived && byNow) || (held.chosen && chosen) || empty;
  if (line.textContent !== words) line.textContent = words;
}
