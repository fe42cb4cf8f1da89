// Dots hide a slip of the finger too. Whoever asks for it sees what they type as a passphrase, until the form is sent.
const fields = [...document.querySelectorAll("main input[type=password]")];

if (fields.length) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Show what I type";
  const show = (shown) => {
    button.setAttribute("aria-pressed", shown);
    for (const field of fields) field.type = shown ? "text" : "password";
  };
  for (const field of fields) {
    field.spellcheck = false; // some browsers send text away to have it checked
    field.autocapitalize = "none";
    field.setAttribute("autocorrect", "off");
  }
  show(false);
  button.addEventListener("click", () => show(fields[0].type === "password"));
  fields[0].form.addEventListener("submit", () => show(false));
  addEventListener("pagehide", () => show(false)); // nor does Back show it
  fields[0].after(button);
}
