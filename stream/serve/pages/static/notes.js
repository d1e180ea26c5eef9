// What the page tells: a short note that is read out, and banners that stay until they are settled.
import { said, t } from "./texts.js";

const place = document.getElementById("note");
let fading;

// quiet: it is only read out.
export function note(text, { link, quiet = false } = {}) {
  place.replaceChildren(text);
  place.classList.toggle("quiet", quiet);
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link.href;
    anchor.textContent = link.text;
    place.append(" ", anchor);
  }
  place.classList.add("shown");
  clearTimeout(fading);
  fading = setTimeout(() => place.classList.remove("shown"), link ? 9000 : 3500);
}

// One banner a name; buttons: [text, what to do] pairs. Pressing one takes the banner away.
export function banner(name, kind, title, detail, buttons = []) {
  const made = document.createElement("div");
  made.className = `banner ${kind}`;
  made.dataset.name = name;
  if (kind === "error") made.setAttribute("role", "alert");
  const text = document.createElement("div");
  const strong = document.createElement("strong");
  strong.append(title);
  text.append(strong, " ", detail);
  made.append(text);
  for (const [label, act] of [...buttons, ["×", () => {}]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = label;
    if (label === "×") {
      button.className = "quiet";
      button.setAttribute("aria-label", t("error.dismiss"));
    }
    button.addEventListener("click", () => {
      made.remove();
      act();
    });
    made.append(button);
  }
  unbanner(name);
  document.getElementById("banners").append(made);
}

export function unbanner(name) {
  document.querySelector(`#banners [data-name="${name}"]`)?.remove();
}

export function problem(error, again) {
  if (error.status === undefined) throw error; // a bug, not an answer
  if (error.status === 401) return loggedOut();
  const away = error.title === "The ledger cannot be used"; // its detail names servers and files
  const [title, detail] = away ? [t("error.ledger"), t("error.ledger_detail")] : [said(error.title), said(error.detail)];
  banner("problem", "error", title, detail, again ? [[t("error.again"), again]] : []);
}

// A session has ended or its token was revoked: trying again is of no use, logging in is.
function loggedOut() {
  banner("problem", "error", t("error.logged_out"), t("error.logged_out_detail"));
  const link = document.createElement("a");
  link.className = "button primary";
  link.href = `/login?${new URLSearchParams({ next: location.pathname + location.search })}`;
  link.textContent = t("error.login");
  document.querySelector('#banners [data-name="problem"] div').after(link);
}

// A note for the page that is loaded next.
export function leaveNote(text, link) {
  sessionStorage.setItem("keyart-note", JSON.stringify({ text, link }));
}

export function showLeftNote() {
  const left = sessionStorage.getItem("keyart-note");
  sessionStorage.removeItem("keyart-note");
  if (left) {
    const { text, link } = JSON.parse(left);
    note(text, { link });
  }
}
