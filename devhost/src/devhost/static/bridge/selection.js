/* The web items that appear next to selected text on a page. */
import { placeNear } from "./elements.js";

const panel = document.getElementById("selection-panel");
const body = document.querySelector(".wiki-body");

function selected() {
  const selection = document.getSelection();
  const isInside = selection.rangeCount > 0 && body.contains(selection.anchorNode);
  return isInside && !selection.isCollapsed ? selection.getRangeAt(0) : null;
}

function show() {
  const range = selected();
  panel.hidden = !range;
  if (range) placeNear(panel, range.getBoundingClientRect());
}

if (panel && body) {
  document.addEventListener("mouseup", () => setTimeout(show));
  document.addEventListener("keyup", (event) => {
    if (event.shiftKey || event.key === "Shift") show();
    else if (event.key === "Escape") panel.hidden = true;
  });
}
