/* Elements of this page, and their registration with the bridge. */
import { host } from "./page.js";

export function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined && text !== null) made.textContent = text;
  return made;
}

export function button(text, onClick, className = "button") {
  const made = element("button", className, text);
  made.type = "button";
  made.addEventListener("click", onClick);
  return made;
}

export function dismissButton(onClick) {
  const made = button("\u00d7", onClick, "dismiss");
  made.setAttribute("aria-label", "Dismiss");
  return made;
}

/* Without a provider, the bridge would use Atlassian's old widgets, AUI. */
export function provide(name, provider) {
  host.getFrameworkAdaptor().registerModule({
    getModuleRegistrationName: () => name,
    isEnabled: () => true,
    getProvider: () => provider,
  });
}

/* Keep a floating element inside the window, next to *anchor* if there is room. */
export function placeNear(box, anchor) {
  const margin = 8;
  const { offsetWidth: width, offsetHeight: height } = box;
  const below = anchor.bottom + height + margin <= innerHeight;
  const top = below ? anchor.bottom : Math.max(margin, anchor.top - height);
  const left = Math.min(anchor.left, innerWidth - width - margin);
  box.style.top = `${top}px`;
  box.style.left = `${Math.max(margin, left)}px`;
}
