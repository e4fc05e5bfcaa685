/* AP.inlineDialog: an app page in a box next to the link that opens it.

   connect-host.js opens them for links of the class ap-inline-dialog, through
   AUI's AJS.InlineDialog; this is as much of that as it calls. */
import { element, placeNear, provide } from "./elements.js";

const HOVER_MS = 300;

function closeOthers(box) {
  document.querySelectorAll(".aui-inline-dialog").forEach((other) => {
    if (other !== box) other.style.display = "none";
  });
}

window.AJS.InlineDialog = function (bindTo, id, render, options = {}) {
  const trigger = $(bindTo)[0];
  const box = element("div", "aui-inline-dialog");
  const contents = element("div", "contents");
  box.id = `inline-dialog-${id}`;
  box.setAttribute("role", "dialog");
  box.setAttribute("aria-label", trigger.textContent.trim());
  contents.style.width = `${parseInt(options.width, 10) || 300}px`;
  box.append(contents);
  document.body.append(box);
  const place = () => placeNear(box, trigger.getBoundingClientRect());
  box.popup = { reset: place };

  const $box = $(box);
  const isOpen = () => box.style.display === "block";
  function open() {
    closeOthers(box);
    box.style.display = "block";
    trigger.setAttribute("aria-expanded", "true");
    place();
  }
  function close() {
    box.style.display = "none";
    trigger.setAttribute("aria-expanded", "false");
  }
  $box.show = () => {
    // Rendered in view, because the bridge fills only visible elements.
    open();
    render($(contents), trigger, open);
    return $box;
  };
  if (options.onHover) closeOnLeave(trigger, box, close);
  else trigger.addEventListener("click", () => (isOpen() ? close() : $box.show()));
  closeOutside(trigger, box, close);
  return $box;
};

function closeOnLeave(trigger, box, close) {
  let timer = null;
  for (const part of [trigger, box]) {
    part.addEventListener("mouseenter", () => clearTimeout(timer));
    part.addEventListener("mouseleave", () => {
      timer = setTimeout(close, HOVER_MS);
    });
  }
}

function closeOutside(trigger, box, close) {
  document.addEventListener("click", (event) => {
    if (!box.contains(event.target) && !trigger.contains(event.target)) close();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || box.style.display !== "block") return;
    close();
    trigger.focus();
  });
}

provide("inlineDialog", {
  hide(context) {
    const iframe = document.getElementById(context.extension_id);
    const box = iframe && iframe.closest(".aui-inline-dialog");
    if (box) box.style.display = "none";
  },
});
