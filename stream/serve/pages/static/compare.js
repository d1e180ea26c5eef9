// Pictures side by side: the one that is looked at beside the choice of its format, or all choices.
import { film, nameOf, offered, pictureOf } from "./film.js";
import { t } from "./texts.js";

const WIDE = 1280;
const dialog = document.getElementById("compare");
const place = document.getElementById("compared");

export const compare = {
  mode: "two",
  get isOpen() {
    return dialog.open;
  },
  // Two, then all picks, then closed.
  next(view) {
    if (!dialog.open) {
      this.mode = "two";
      dialog.showModal();
    } else if (this.mode === "two") this.mode = "picks";
    else return dialog.close();
    this.show(view);
  },
  // view: {form, image, choices}
  show(view) {
    if (!dialog.open) return;
    for (const button of dialog.querySelectorAll("[data-compare]")) {
      button.setAttribute("aria-pressed", String(button.dataset.compare === this.mode));
    }
    const figures = this.mode === "two" ? two(view) : picks(view);
    const ratios = figures.map((one) => Number(one.dataset.ratio ?? 0));
    place.style.setProperty("--ratio-sum", ratios.reduce((sum, one) => sum + one, 0) || 1);
    place.replaceChildren(...figures);
  },
};

function two({ form, image, choices }) {
  const choice = choices[form.name];
  const others = film.images.filter((one) => one !== image && one.crops[form.name]);
  const left = choice ? figure(choice, form, t("compare.chosen", { choice: nameOf(choice, form.name) })) : null;
  const beside = !choice && others.length ? others.find((one) => one.rank > image.rank) ?? others[0] : null;
  const shown = [left, beside && figure(offered(beside, form.name), form)];
  if (image?.crops[form.name]) shown.push(figure(offered(image, form.name), form));
  return shown.filter(Boolean);
}

function picks({ choices }) {
  return film.formats.map((form) => {
    const choice = choices[form.name];
    if (choice) return figure(choice, form, `${form.label}: ${nameOf(choice, form.name)}`);
    const empty = document.createElement("figure");
    empty.className = "missing";
    empty.textContent = t("compare.missing", { format: form.label });
    return empty;
  });
}

function figure(choice, form, text) {
  const made = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = text ?? t("compare.other", { choice: nameOf(choice, form.name) });
  made.dataset.ratio = form.aspect[0] / form.aspect[1];
  made.append(pictureOf(choice, form, WIDE), caption);
  return made;
}
