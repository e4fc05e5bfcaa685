/* AP.dropdown: a menu that can extend beyond the app's iframe. */
import { element, placeNear, provide } from "./elements.js";

const menus = new Map();

function itemButton(item, choose) {
  const made = element("button", "", item.content);
  made.type = "button";
  made.setAttribute("role", "menuitem");
  made.disabled = item.disabled === true;
  made.dataset.itemId = item.itemId ?? "";
  made.addEventListener("click", () => choose(item));
  return made;
}

function build(menu) {
  const box = element("div", "menu-list app-dropdown");
  box.setAttribute("role", "menu");
  box.hidden = true;
  for (const group of menu.groups) {
    if (group.heading) box.append(element("span", "quiet", group.heading));
    box.append(...group.items.map((item) => itemButton(item, menu.choose)));
  }
  box.addEventListener("keydown", (event) => moveFocus(event, box));
  document.body.append(box);
  return box;
}

function moveFocus(event, box) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const items = [...box.querySelectorAll("button:enabled")];
  const next = items.indexOf(document.activeElement) + step;
  items.at(next % items.length)?.focus();
}

function hide(id) {
  const menu = menus.get(id);
  if (menu) menu.box.hidden = true;
}

function hideAll() {
  menus.forEach((menu, id) => hide(id));
}

function setDisabled(id, itemId, disabled) {
  const box = menus.get(id)?.box;
  const items = box ? [...box.querySelectorAll("button")] : [];
  const found = items.find((item) => item.dataset.itemId === String(itemId));
  if (found) found.disabled = disabled;
}

provide("dropdown", {
  create({ dropdownId, dropdownGroups, dropdownItemNotifier }, context) {
    menus.get(dropdownId)?.box.remove();
    const groups = dropdownGroups.filter(Boolean);
    const choose = (item) => {
      hide(dropdownId);
      dropdownItemNotifier({ dropdownId, item });
    };
    const menu = { groups, choose, extensionId: context.extension_id };
    menus.set(dropdownId, { ...menu, box: build(menu) });
  },
  showAt({ dropdownId, x, y, width }, { iframeDimensions }) {
    const menu = menus.get(dropdownId);
    if (!menu) return;
    hideAll();
    menu.box.hidden = false;
    if (width) menu.box.style.minWidth = `${parseInt(width, 10)}px`;
    const top = iframeDimensions.top + Number(y || 0);
    const left = iframeDimensions.left + Number(x || 0);
    placeNear(menu.box, { top, bottom: top, left });
    menu.box.querySelector("button:enabled")?.focus();
  },
  hide,
  itemDisable: (id, itemId) => setDisabled(id, itemId, true),
  itemEnable: (id, itemId) => setDisabled(id, itemId, false),
  destroyByExtension(extensionId) {
    menus.forEach((menu, id) => {
      if (menu.extensionId !== extensionId) return;
      menu.box.remove();
      menus.delete(id);
    });
  },
});

document.addEventListener("click", hideAll);
window.addEventListener("blur", hideAll);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") hideAll();
});
