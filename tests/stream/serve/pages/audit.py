"""What can be seen of a page's accessibility without a person: contrast, names, labels, landmarks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

_SCRIPT = """() => {
  const wrong = [];
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parsed = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const behind = (element) => {
    if (!element) return parsed(getComputedStyle(document.body).backgroundColor);
    const own = parsed(getComputedStyle(element).backgroundColor);
    return own[3] === 1 ? own : over(own, behind(element.parentElement));
  };
  const ownOpacity = (element) => Number(getComputedStyle(element).opacity);
  const opacity = (element) => (element ? ownOpacity(element) * opacity(element.parentElement) : 1);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".hidden, .note");
  const start = (text) => text.trim().slice(0, 30);
  const said = (one) => `${one.tagName.toLowerCase()}.${one.className} "${start(one.textContent)}"`;
  const unread = "script, style, noscript, svg, :disabled, .disabled";
  const controls = "button, a[href], input:not([type=hidden]), [role=slider], [tabindex='0']";
  const textOf = (id) => document.getElementById(id)?.textContent ?? "";

  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !seen(element) || element.closest(unread)) continue;
    const style = getComputedStyle(element);
    const ground = behind(element);
    const ink = parsed(style.color);
    ink[3] *= opacity(element);
    const [one, other] = [light(over(ink, ground)), light(ground)].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const ratio = (one + 0.05) / (other + 0.05);
    if (ratio < least) wrong.push(`contrast ${ratio.toFixed(2)} of ${said(element)}`);
  }
  for (const element of document.querySelectorAll(controls)) {
    if (!seen(element)) continue;
    const labels = [...(element.labels ?? [])].map((one) => one.textContent).join("");
    const referred = (element.getAttribute("aria-labelledby") ?? "").split(" ").map(textOf).join("");
    const images = [...element.querySelectorAll("img")].map((one) => one.alt).join("");
    const names = [element.getAttribute("aria-label") ?? "", referred, labels, element.textContent, images];
    if (!names.some((one) => one.trim())) wrong.push(`no name: ${element.outerHTML.slice(0, 80)}`);
  }
  for (const image of document.images) if (!image.hasAttribute("alt")) wrong.push(`no alt: ${image.src}`);
  for (const dialog of document.querySelectorAll("dialog")) {
    if (!textOf(dialog.getAttribute("aria-labelledby"))) wrong.push(`dialog without a name: ${dialog.id}`);
  }
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push(`id twice: ${id}`);
  for (const landmark of ["main", "body > header", "h1", "[role=status]"]) {
    const found = document.querySelectorAll(landmark).length;
    if (found !== 1) wrong.push(`${found} of ${landmark}`);
  }
  if (!document.documentElement.lang) wrong.push("no language");
  if (document.documentElement.scrollWidth > document.documentElement.clientWidth) wrong.push("wider than the window");
  return wrong;
}"""


def faults(page: Page) -> list[str]:
    """One line for each fault."""
    found: list[str] = page.evaluate(_SCRIPT)
    return found
