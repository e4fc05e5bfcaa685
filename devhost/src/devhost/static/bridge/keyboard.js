/* The keyboard shortcuts of the apps, and "?" for their list. */
import { button, element } from "./elements.js";
import { boot } from "./page.js";

const PAUSE_MS = 1000;
const shortcuts = boot.shortcuts || [];

let typed = "";
let timer = null;

function isWriting(target) {
  return target.isContentEditable || target.closest("input, textarea, select, dialog");
}

function clickOn(name) {
  const links = [...document.querySelectorAll("[data-module]")];
  const link = links.find((each) => each.dataset.module === name);
  if (!link) return;
  // A link in a closed menu is invisible, and an inline dialog needs a place.
  const menu = link.closest("details");
  if (menu) menu.open = true;
  link.click();
}

function openDialog(classes) {
  const link = element("a", classes);
  link.href = location.pathname;
  link.hidden = true;
  document.body.append(link);
  // The bridge listens to links of these classes as soon as it has seen them.
  setTimeout(() => {
    link.click();
    link.remove();
  });
}

function run(shortcut) {
  if (shortcut.address) location.assign(shortcut.address);
  else if (shortcut.classes) openDialog(shortcut.classes);
  else clickOn(shortcut.click);
}

function entry(keys, name) {
  const row = element("li");
  row.append(...[...keys].map((key) => element("kbd", "", key)), element("span", "", name));
  return row;
}

export function showList() {
  const box = element("dialog", "app-dialog shortcuts");
  box.setAttribute("aria-label", "Keyboard shortcuts");
  const header = element("header");
  header.append(element("h2", "", "Keyboard shortcuts"));
  const list = element("ul", "plain");
  list.append(
    ...shortcuts.map((each) => entry(each.keys, `${each.name} (${each.app})`)),
    entry("?", "This list")
  );
  const footer = element("footer");
  footer.append(element("span", "hint"), button("Close", () => box.close()));
  box.append(header, list, footer);
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target)) return;
  if (event.key === "?") {
    showList();
    return;
  }
  if (event.key.length !== 1) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    typed = "";
  }, PAUSE_MS);
  typed = (typed + event.key).slice(-3);
  const found = shortcuts.find((each) => typed.endsWith(each.keys));
  if (!found) return;
  typed = "";
  run(found);
});
