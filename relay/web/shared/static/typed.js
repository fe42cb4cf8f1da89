// On the desk nothing that was typed is lost unasked. A page with something typed that was not sent is left only by whoever
// says so, also by another of its forms. And Back leads to a page that answered a form as to any other: its address, asked
// for by itself, leads to the page that the form is on.
history.replaceState(null, "", location.href);

const fields = () => [...document.querySelectorAll("main textarea:not([readonly]), main input:not([type=hidden], [type=password])")];
const ticked = ({ type }) => type === "checkbox" || type === "radio";
// how something is printed, in a tab of its own, is nothing to be kept
const differs = (field) => (ticked(field) ? !field.form?.target && field.checked !== field.defaultChecked : field.value !== field.defaultValue);
// a refused form, and one that was sent along, stands there again as if it had come so
const stands = (field) => field.localName === "textarea" && field.value.trim() && document.querySelector("#problem, [data-unsent]");

export const unsent = (except = null) => fields().some((field) => field.form !== except && (differs(field) || stands(field)));

let sent = null;
document.addEventListener("submit", (event) => {
  const elsewhere = event.target.target || event.submitter?.formTarget;
  sent = elsewhere || event.defaultPrevented ? null : event.target;
});
addEventListener("beforeunload", (event) => {
  if (unsent(sent)) event.preventDefault();
  sent = null;
});
