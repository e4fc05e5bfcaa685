/* AP.scrollPosition, for a page whose main part scrolls instead of its window. */
import { callbackOf, host } from "./page.js";

const main = document.getElementById("content");

function frameOf(args) {
  const { extension, extension_id: id } = callbackOf(args)._context;
  // Atlassian offers it to full pages only.
  return extension.options.isFullPage ? document.getElementById(id) : null;
}

function position(iframe) {
  const inside = main.getBoundingClientRect();
  const outside = iframe.getBoundingClientRect();
  return {
    scrollY: inside.top - outside.top,
    scrollX: inside.left - outside.left,
    width: innerWidth,
    height: innerHeight,
  };
}

host.defineModule("scrollPosition", {
  getPosition() {
    const iframe = frameOf(arguments);
    if (iframe) callbackOf(arguments)(position(iframe));
  },
  setVerticalPosition(y) {
    const iframe = frameOf(arguments);
    if (!iframe || typeof y !== "number") return;
    main.scrollTop += y - position(iframe).scrollY;
    callbackOf(arguments)(position(iframe));
  },
});
