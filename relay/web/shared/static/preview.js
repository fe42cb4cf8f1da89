// Hearing and seeing one's own file: before it is uploaded, from the device (nothing is sent for that), and when it has
// arrived, from the server. Without this file it is played after it has arrived.
import { holds } from "./removal.js";
import { EMPTY } from "./upload.js";

const CANNOT = "Your browser cannot play this kind of file. You can send it all the same: a copy is made that can be played here, and you can listen to that and still take it back.";
const NOT_ONE = { audio: "This file does not look like a recording of sound. Choose another one.", video: "This file does not look like a film. Choose another one." };
// a browser tells a kind by the name; where it tells none, or one that says nothing, the file may be a recording all the same
const MAY_BE_ONE = /^$|^(audio|video)\/|^application\/(octet-stream|ogg|mp4|x-matroska|mxf|vnd\.rn-realmedia)$/;
const CANNOT_SHOW = "Your browser cannot show this page. Once you have sent it, it is made readable, and you can look at it here.";

const local = document.querySelector("[data-local]");
if (local) {
  const input = local.closest("form").elements.file;
  const player = local.querySelector(".player");
  const said = local.querySelector("[data-local-said]");
  const uploading = input.form.querySelector("[data-said]");
  let address = "";
  input.addEventListener("change", () => {
    if (address) URL.revokeObjectURL(address);
    const [file] = input.files;
    holds("chosen", Boolean(file));
    const fits = MAY_BE_ONE.test(file?.type ?? "");
    address = file?.size && fits ? URL.createObjectURL(file) : "";
    uploading.textContent = file && !file.size ? EMPTY : "";
    said.textContent = fits ? "" : NOT_ONE[player.localName];
    player.hidden = !address;
    local.hidden = !file?.size;
    if (address) player.src = address;
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
