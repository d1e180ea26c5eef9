// The texts of the page's language, which the server put into the page.
const texts = JSON.parse(document.getElementById("texts").textContent);

// The text of a key, with {names} filled in.
export function t(key, values = {}) {
  const text = texts[key];
  if (text === undefined) throw new Error(`no text ${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export const has = (key) => key in texts;

const { sentences, patterns } = JSON.parse(document.getElementById("said").textContent);
const known = patterns.map(([english, own]) => {
  const escaped = english.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const fixed = /[A-Za-z]/.test(english.replace(/\{\w+\}/g, ""));
  return { pattern: new RegExp(`^${escaped.replace(/\\\{(\w+)\\\}/g, "(?<$1>.+?)")}$`), own, fixed };
});

// A line of the service in the page's language, as `Texts.said` does it; what is not known stays English, and says so.
export function said(line) {
  const made = document.createDocumentFragment();
  made.append(...(patterns.length ? (saidParts(line) ?? [asEnglish(line)]) : [line]));
  return made;
}

function saidParts(line) {
  for (const { pattern, own, fixed } of known) {
    const values = pattern.exec(line)?.groups ?? (pattern.test(line) ? {} : null);
    if (!values) continue;
    const inner = Object.fromEntries(sentences.filter((name) => name in values).map((name) => [name, saidParts(values[name])]));
    if (!fixed && Object.values(inner).includes(null)) continue;
    const value = (name) => (name in inner ? (inner[name] ?? [asEnglish(values[name])]) : [values[name]]);
    return own.split(/\{(\w+)\}/).flatMap((text, place) => (place % 2 ? value(text) : [text]));
  }
  return null;
}

function asEnglish(text) {
  return Object.assign(document.createElement("span"), { lang: "en", textContent: text });
}

export const language = document.documentElement.lang;
const place = navigator.languages.find((one) => one.startsWith(language)) ?? language; // for dates: en-GB or en-US

// Seconds as 1:02:03.4 or 2:03.4.
export function clock(seconds) {
  const tenths = Math.floor(seconds * 10 + 1e-6);
  const [hours, minutes, left] = [Math.floor(tenths / 36000), Math.floor(tenths / 600) % 60, (tenths % 600) / 10];
  const end = left.toFixed(1).padStart(4, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${end}` : `${minutes}:${end}`;
}

// A moment as the reader writes it; seconds since 1970 or ISO 8601.
export function moment(at) {
  const date = new Date(typeof at === "number" ? at * 1000 : at);
  return Number.isNaN(date.getTime()) ? "" : date.toLocaleString(place, { dateStyle: "medium", timeStyle: "short" });
}

// Show the page's <time> elements in the reader's own zone.
export function showTimes(root = document) {
  for (const one of root.querySelectorAll("time[datetime]")) one.textContent = moment(one.getAttribute("datetime"));
}

// Names as a list: "Landscape, Portrait".
export function listed(names) {
  return new Intl.ListFormat(language, { type: "conjunction" }).format(names);
}
