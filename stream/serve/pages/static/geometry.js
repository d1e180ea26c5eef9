// Crops: [x, y, width, height] in pixels of the displayed frame. Always of the format's shape, within the active area.
const LEAST = 0.15; // of the largest crop's height

export function largest(form, active) {
  const ratio = form.aspect[0] / form.aspect[1];
  const height = Math.min(active[3], active[2] / ratio);
  return [height * ratio, height];
}

// The nearest allowed crop of a height around a centre.
export function around(form, active, centreX, centreY, height) {
  const ratio = form.aspect[0] / form.aspect[1];
  const most = largest(form, active)[1];
  const tall = Math.min(most, Math.max(most * LEAST, height));
  const wide = tall * ratio;
  return [...placed(active, centreX - wide / 2, centreY - tall / 2, wide, tall), round(wide), round(tall)];
}

// A crop of another active area in this one: as it is where it fits, else the nearest that does.
export function fitted(form, active, rect) {
  const beyond = [active[0] - rect[0], active[1] - rect[1]];
  beyond.push(rect[0] + rect[2] - active[0] - active[2], rect[1] + rect[3] - active[1] - active[3]);
  return Math.max(...beyond) < 0.02 ? rect : scaled(form, active, rect, 1);
}

export function moved(active, rect, dx, dy) {
  return [...placed(active, rect[0] + dx, rect[1] + dy, rect[2], rect[3]), rect[2], rect[3]];
}

export function scaled(form, active, rect, factor) {
  return around(form, active, rect[0] + rect[2] / 2, rect[1] + rect[3] / 2, rect[3] * factor);
}

// The corner goes to a point; the opposite corner stays.
export function stretched(form, active, rect, corner, x, y) {
  const ratio = form.aspect[0] / form.aspect[1];
  const [west, north] = [corner.includes("w"), corner.includes("n")];
  const fixedX = west ? rect[0] + rect[2] : rect[0];
  const fixedY = north ? rect[1] + rect[3] : rect[1];
  const wanted = Math.max((west ? fixedX - x : x - fixedX) / ratio, north ? fixedY - y : y - fixedY);
  const roomX = west ? fixedX - active[0] : active[0] + active[2] - fixedX;
  const roomY = north ? fixedY - active[1] : active[1] + active[3] - fixedY;
  const least = largest(form, active)[1] * LEAST;
  const tall = Math.min(Math.max(wanted, least), roomX / ratio, roomY);
  const wide = tall * ratio;
  return [west ? fixedX - wide : fixedX, north ? fixedY - tall : fixedY, wide, tall].map(round);
}

// Width and height of the file: never enlarged beyond the format's limit.
export function fileSize(form, rect) {
  const [width, height] = form.size;
  if (height / rect[3] <= form.max_enlargement) return [width, height];
  const rows = rect[3] * form.max_enlargement;
  return [Math.max(1, Math.round((rows * form.aspect[0]) / form.aspect[1])), Math.max(1, Math.round(rows))];
}

// Whether a crop's file has less than half of the format's height: it looks soft wherever it is shown at full size.
export function isFarTooSmall(form, rect) {
  return fileSize(form, rect)[1] < form.size[1] / 2;
}

export function same(one, other) {
  return one.every((value, index) => Math.abs(value - other[index]) < 0.05);
}

function placed(active, x, y, wide, tall) {
  const inside = (value, low, room) => Math.min(Math.max(value, low), low + Math.max(0, room));
  return [round(inside(x, active[0], active[2] - wide)), round(inside(y, active[1], active[3] - tall))];
}

function round(value) {
  return Math.round(value * 100) / 100;
}
