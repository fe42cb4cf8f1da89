// A line of the transcript is played from its time, and how much was played here stands beside the decision. Without this
// file the times are read, and the player is moved by hand.
const clock = (time) => `${Math.floor(Math.round(time) / 60)}:${String(Math.round(time) % 60).padStart(2, "0")}`;

function enable() {
  for (const button of document.querySelectorAll("button[data-at]")) button.disabled = false;
  count();
}

// a hint, no evidence: it begins anew whenever the page is loaded
function count() {
  const [player, said] = [document.querySelector(".player"), document.getElementById("played")];
  if (!player || !said) return;
  const { played, duration } = player;
  const seconds = Array.from({ length: played.length }, (_, at) => played.end(at) - played.start(at)).reduce((all, one) => all + one, 0);
  const whole = seconds > 0 && duration - seconds < 0.5;
  said.hidden = false;
  said.className = whole ? "soft" : "note warn";
  said.textContent = whole ? "All of it was played on this page."
    : seconds > 0 ? `Only ${clock(seconds)} of ${clock(duration)} was played on this page since you opened it.`
    : "Nothing of it was played on this page since you opened it.";
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("button[data-at]");
  if (!button) return;
  const player = document.querySelector(".player");
  player.currentTime = Number(button.dataset.at);
  player.play();
});
for (const sign of ["timeupdate", "pause", "ended"]) document.addEventListener(sign, count, { capture: true });
document.addEventListener("relay:shown", enable);
enable();
