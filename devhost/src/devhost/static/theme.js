/* Light or dark: the reader's choice, or else the system's. The bridge watches
   data-color-mode and data-theme of the root element and tells the app pages. */
(function () {
  "use strict";
  var root = document.documentElement;
  var system = matchMedia("(prefers-color-scheme: dark)");

  function apply() {
    var choice = localStorage.getItem("devhost.theme");
    root.dataset.colorMode = choice || (system.matches ? "dark" : "light");
    root.dataset.theme = "dark:dark light:light spacing:spacing";
    var toggle = document.getElementById("theme-toggle");
    if (toggle) toggle.setAttribute("aria-pressed", root.dataset.colorMode === "dark");
  }

  system.addEventListener("change", apply);
  apply();
  document.addEventListener("DOMContentLoaded", function () {
    apply();
    document.getElementById("theme-toggle").addEventListener("click", function () {
      var next = root.dataset.colorMode === "dark" ? "light" : "dark";
      localStorage.setItem("devhost.theme", next);
      apply();
    });
    document.addEventListener("click", closeMenus);
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape") closeMenus(event);
    });
    // A click into an app's iframe takes the focus away from this document.
    window.addEventListener("blur", closeMenus);
  });

  function closeMenus(event) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      var inside = event.target instanceof Node && menu.contains(event.target);
      if (event.key === "Escape" && inside) menu.querySelector("summary").focus();
      if (event.key === "Escape" || !inside) menu.open = false;
    });
  }
})();
