import { client, login } from "./api.js";
import { h, messageOf, replace } from "./dom.js";
import { say } from "./words.js";

/**
 * Form for logging in or creating an account.
 * @param {() => void} onDone called when the user has logged in
 */
export function loginView(onDone) {
  const view = h("section.card.login");
  let registers = false;

  const draw = () => {
    const words = say().login;
    const trouble = h("p.trouble", { role: "alert" });
    const email = h("input", { type: "email", autocomplete: "email", required: true, name: "email" });
    const password = h("input", {
      ...{ type: "password", required: true, minLength: 10, name: "password" },
      autocomplete: registers ? "new-password" : "current-password",
    });
    const submit = async (/** @type {Event} */ event) => {
      event.preventDefault();
      trouble.textContent = "";
      const given = { email: email.value, password: password.value };
      try {
        if (registers) await client.account.register(given);
        await login(given);
        onDone();
      } catch (error) {
        trouble.textContent = messageOf(error);
      }
    };
    const swap = () => {
      registers = !registers;
      draw();
    };
    replace(
      view,
      h("img.hero", { src: "characters/sprout.svg", alt: "" }),
      h("h1", {}, say().title),
      h("p.lead", {}, words.lead),
      h(
        "form",
        { onsubmit: submit },
        h("label", {}, words.email, email),
        h("label", {}, words.password, password),
        trouble,
        h("button.primary", { type: "submit" }, registers ? words.register : words.login),
      ),
      h("button.link", { type: "button", onclick: swap }, registers ? words.toLogin : words.toRegister),
    );
  };
  draw();
  return view;
}
