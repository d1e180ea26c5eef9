// What is to be seen of a title's review: the pictures looked at, what is chosen, where on the timeline.
import { compare } from "./compare.js";
import { farTooSmall, film, isOffered, nameOf, offered, pictureOf } from "./film.js";
import { listed, t } from "./texts.js";
import { showOnTimeline } from "./timeline.js";

const STAGE_WIDTH = 1280;
const MINI_WIDTH = 200;
const at = (id) => document.getElementById(id);
const all = (selector) => document.querySelectorAll(selector);

// look: place in film.images; scope: "all" or a format's name; waiting: whether it can be changed.
export const desk = { look: 0, scope: "all", waiting: film.review.state === "waiting", draft: null, cropper: null };

export const looked = () => film.images[desk.look];
export const inScope = () => film.formats.filter((form) => desk.scope === "all" || form.name === desk.scope);
export const firstForm = () => inScope()[0];
export const labels = (forms) => listed(forms.map((form) => form.label));

export function render() {
  const image = looked();
  renderScopes();
  renderCards();
  renderStage(image);
  renderSlots();
  for (const one of all("[data-facts]")) one.hidden = Number(one.dataset.facts) !== image?.rank;
  for (const button of all("[data-change]")) button.hidden = !desk.waiting;
  document.querySelector('[data-do="reject"]')?.setAttribute("aria-pressed", String(isRejected(image)));
  document.querySelector('[data-do="crop"]')?.setAttribute("aria-pressed", String(Boolean(desk.cropper?.isOpen)));
  showOnTimeline(image?.shot, image?.rank, desk.draft.state);
  compare.show(view());
}

export const view = () => ({ form: firstForm(), image: looked(), choices: desk.draft.state.choices });
export const isRejected = (image) => Boolean(image) && desk.draft.state.rejected.includes(image.rank);

function renderScopes() {
  at("desk").dataset.scope = desk.scope;
  for (const button of all("[data-scope]")) {
    if (button.tagName === "BUTTON") button.setAttribute("aria-pressed", String(button.dataset.scope === desk.scope));
  }
  for (const picture of all(".card img")) {
    const form = film.format(picture.dataset.format);
    picture.hidden = desk.scope !== "all" && form.name !== desk.scope;
    picture.style.flexGrow = form.aspect[0] / form.aspect[1]; // so that all are of one height
  }
}

function renderCards() {
  for (const card of all(".card")) {
    const rank = Number(card.dataset.rank);
    const forms = film.formats.filter((form) => desk.draft.state.choices[form.name]?.rank === rank);
    const out = desk.draft.state.rejected.includes(rank);
    card.setAttribute("aria-pressed", String(rank === looked()?.rank));
    card.classList.toggle("chosen", forms.length > 0);
    card.classList.toggle("rejected", out);
    const badge = card.querySelector(".badge");
    badge.hidden = !(out || forms.length);
    badge.textContent = out ? "✕" : forms.length === film.formats.length ? "✓" : forms.map((form) => form.label).join(" ");
    const said = out ? t("choice.rejected") : forms.length ? t("choice.badge", { formats: labels(forms) }) : "";
    card.setAttribute("aria-label", [t("title.picture", { rank }), said].filter(Boolean).join(", "));
    if (rank === looked()?.rank) bringIntoRow(card);
  }
}

// Scrolls the row alone: the page stays where it is.
function bringIntoRow(card) {
  const [row, one] = [at("cards").getBoundingClientRect(), card.getBoundingClientRect()];
  if (one.left < row.left) at("cards").scrollLeft += one.left - row.left;
  else if (one.right > row.right) at("cards").scrollLeft += one.right - row.right;
}

function renderStage(image) {
  const open = Boolean(desk.cropper?.isOpen);
  at("stage").hidden = open;
  if (open || !image) return at("stage").replaceChildren();
  const forms = inScope().filter((form) => image.crops[form.name]);
  const total = forms.reduce((sum, form) => sum + form.aspect[0] / form.aspect[1], 0);
  at("stage").style.setProperty("--ratio-sum", total || 1);
  at("stage").style.setProperty("--count", forms.length || 1);
  at("stage").replaceChildren(...forms.map((form) => stageFigure(image, form)));
}

function stageFigure(image, form) {
  const own = desk.draft.state.choices[form.name];
  const chosen = own?.rank === image.rank;
  const figure = document.createElement("figure");
  figure.classList.toggle("chosen", chosen);
  figure.classList.toggle("rejected", isRejected(image));
  const caption = document.createElement("figcaption");
  const moved = chosen && !isOffered(own, form.name) ? ` · ${t("choice.moved")}` : "";
  caption.textContent = `${form.label}${chosen ? " ✓" : ""}${moved}`;
  const picture = pictureOf(chosen ? own : offered(image, form.name), form, STAGE_WIDTH);
  picture.dataset.crop = form.name; // a double click adjusts it
  figure.append(picture, caption);
  return figure;
}

function renderSlots() {
  for (const slot of all("[data-slot]")) {
    const form = film.format(slot.dataset.slot);
    const choice = desk.draft.state.choices[form.name];
    const button = slot.querySelector("button");
    const name = nameOf(choice, form.name);
    slot.classList.toggle("filled", Boolean(choice));
    slot.querySelector(".what").textContent = name;
    const small = farTooSmall(choice, form);
    slot.querySelector(".toosmall").textContent = small ? t("choice.small", small) : "";
    slot.querySelector(".mini").replaceChildren(...(choice ? [pictureOf(choice, form, MINI_WIDTH)] : []));
    for (const picture of slot.querySelectorAll(".mini img")) picture.alt = "";
    button.disabled = !choice || !film.editing || !desk.waiting;
    button.setAttribute("aria-label", t("choice.open", { format: form.label, choice: name }));
  }
}
