// Hearing and seeing one's own file: before it is uploaded, from the device (nothing is sent for that), and when it has
// arrived, from the server. Without this file it is played after it has arrived.
const CANNOT = "Your browser cannot play this kind of file. You can send it all the same: a copy is made that can be played here, and you can listen to that and still take it back.";
const CANNOT_SHOW = "Your browser cannot show this page. Once you have sent it, it is made readable, and you can look at it here.";

const local = document.querySelector("[data-local]");
if (local) {
  const input = local.closest("form").elements.file;
  const player = local.querySelector(".player");
  const said = local.querySelector("[data-local-said]");
  let address = "";
  input.addEventListener("change", () => {
    if (address) URL.revokeObjectURL(address);
    const [file] = input.files;
    address = file ? URL.createObjectURL(file) : "";
    said.textContent = "";
    player.hidden = false;
    local.hidden = !file;
    if (file) player.src = address;
    else player.removeAttribute("src");
  });
  player.addEventListener("error", () => {
    if (!address) return;
    player.hidden = true;
    said.textContent = CANNOT;
  });
}

for (const own of document.querySelectorAll("[data-own]")) {
  const say = () => {
    const words = document.createElement("p");
    words.setAttribute("role", "status");
    words.textContent = own.localName === "img" ? CANNOT_SHOW : CANNOT;
    own.replaceWith(words);
  };
  // it may have failed before this file was there
  const failed = own.localName === "img" ? own.complete && own.src && !own.naturalWidth && own.loading !== "lazy" : own.error;
  if (failed) say();
  else own.addEventListener("error", say);
}
