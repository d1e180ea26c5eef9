// The title of this page: what the server said of it, and where its pictures are.
import { clock, t } from "./texts.js";
import { fileSize, isFarTooSmall, same } from "./geometry.js";

const data = JSON.parse(document.getElementById("data").textContent);
const FRAME_WIDTHS = [160, 640, 1280, 1920];

export const film = {
  ...data,
  editing: data.role === "editor",
  format: (name) => data.formats.find((one) => one.name === name),
  image: (rank) => data.images.find((one) => one.rank === rank),
  shotAt: (time) => data.shots.find(([, start, end]) => time >= start - 1e-6 && time < end - 1e-6) ?? data.shots.at(-1),
  // Where the picture is between the bars of the shot at a time; most shots have those of the film.
  activeAt: (time) => film.shotAt(time)?.[3] ?? data.active,
};

export function cropUrl(image, format, width) {
  const crop = image.crops[format];
  return crop && `/api/videos/${film.id}/images/${crop.path}${width ? `?width=${width}` : ""}`;
}

// A whole frame at least so wide, of a few widths that are kept.
export function frameUrl(time, width) {
  const wide = FRAME_WIDTHS.find((one) => one >= width) ?? FRAME_WIDTHS.at(-1);
  return `/api/videos/${film.id}/frames/${time}.jpg?width=${wide}`;
}

// Whether a choice is a picture as Keyart offered it.
export function isOffered(choice, format) {
  const crop = film.image(choice.rank)?.crops[format];
  return Boolean(crop) && same(crop.rect, choice.source_rect);
}

// The figures of a choice's file when it is far too small, else null.
export function farTooSmall(choice, form) {
  if (!choice || !isFarTooSmall(form, choice.source_rect)) return null;
  const [width, height] = fileSize(form, choice.source_rect);
  return { format: form.label, width, height, full_width: form.size[0], full_height: form.size[1] };
}

export function offered(image, format) {
  return { rank: image.rank, time_s: image.time, source_rect: image.crops[format].rect };
}

export function nameOf(choice, format) {
  if (!choice) return t("choice.none");
  if (choice.rank === null) return t("choice.frame", { time: clock(choice.time_s) });
  const name = t("choice.rank", { rank: choice.rank });
  return isOffered(choice, format) ? name : `${name}, ${t("choice.moved")}`;
}

// A picture of a choice: the file of the result, or a cut from the whole frame.
export function pictureOf(choice, form, width) {
  const box = document.createElement("span");
  box.className = "cut";
  box.style.aspectRatio = `${form.aspect[0]} / ${form.aspect[1]}`;
  const picture = document.createElement("img");
  picture.alt = `${form.label}: ${nameOf(choice, form.name)}`;
  picture.draggable = false;
  if (isOffered(choice, form.name)) picture.src = cropUrl(film.image(choice.rank), form.name, width <= 360 ? 360 : 0);
  else cutOut(picture, choice, width);
  picture.addEventListener("error", () => box.classList.add("broken"));
  box.append(picture);
  return box;
}

// Lays a whole frame so that the crop fills the box around it.
export function cutOut(picture, choice, width) {
  const [x, y, wide, tall] = choice.source_rect;
  picture.src = frameUrl(choice.time_s, (width * film.display[0]) / wide);
  Object.assign(picture.style, {
    position: "absolute", maxWidth: "none", width: `${(100 * film.display[0]) / wide}%`,
    height: `${(100 * film.display[1]) / tall}%`, left: `${(-100 * x) / wide}%`, top: `${(-100 * y) / tall}%`,
  });
}
