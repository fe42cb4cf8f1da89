// The invitation's link carries the long code after "#", which no browser sends to any server. Put it into its field and
// take it out of the address bar and the history.
const secret = location.hash.slice(1);
const field = document.querySelector("#f-secret");
if (secret && field && !field.value) {
  field.value = decodeURIComponent(secret);
  history.replaceState(null, "", location.pathname);
}

// What a browser keeps for signing in is the name with what is put behind it.
const name = document.querySelector("#f-sign_in_name");
name?.form.addEventListener("submit", () => {
  const { number } = name.form.dataset;
  const typed = name.value.trim();
  const chosen = (typed.endsWith(number) ? typed.slice(0, typed.length - number.length) : typed).trim();
  if (chosen) name.value = chosen + number;
});
