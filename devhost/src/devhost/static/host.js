/* The product's half of Atlassian's JavaScript bridge: the modules that
   connect-host.js expects from it, and the iframes of this page. */
const boot = JSON.parse(document.getElementById("boot").textContent);

if (boot.missing || !window.connectHost) {
  boot.frames.forEach((frame) => {
    document.getElementById(frame.target).textContent =
      boot.missing || "The JavaScript bridge did not load.";
  });
} else {
  // In this order: the API must be complete before an iframe gets it.
  const parts = [
    "context", "request", "cookie", "history", "navigator", "confluence", "flags",
    "dialogs", "inline-dialogs", "dropdowns", "scroll-position", "keyboard",
    "selection",
  ];
  await Promise.all(parts.map((part) => import(`./bridge/${part}.js`)));
  await import("./bridge/frames.js");
}
