// A line of the transcript is played from its time. Without this file the times are read, and the player is moved by hand.
const player = document.querySelector(".player");
for (const button of document.querySelectorAll("button[data-at]")) {
  button.disabled = false;
  button.addEventListener("click", () => {
    player.currentTime = Number(button.dataset.at);
    player.play();
  });
}
