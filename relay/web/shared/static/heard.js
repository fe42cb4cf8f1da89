// A line of the transcript is played from its time. Without this file the times are read, and the player is moved by hand.
function enable() {
  for (const button of document.querySelectorAll("button[data-at]")) button.disabled = false;
}

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("button[data-at]");
  if (!button) return;
  const player = document.querySelector(".player");
  player.currentTime = Number(button.dataset.at);
  player.play();
});
document.addEventListener("relay:shown", enable);
enable();
