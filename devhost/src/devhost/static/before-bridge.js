/* Globals that connect-host.js expects on the page before it loads. */
(function () {
  "use strict";
  // jQuery 3 dropped $.fn.load(handler), which the bridge's dialogs still call.
  var loadFromServer = jQuery.fn.load;
  jQuery.fn.load = function (first) {
    return typeof first === "function"
      ? this.on("load", first)
      : loadFromServer.apply(this, arguments);
  };
  var boot = JSON.parse(document.getElementById("boot").textContent);
  window.Confluence = {};
  window.AJS = {
    $: jQuery,
    // Called for AUI's open dialog whenever Escape is pressed; ours are not AUI's.
    LayerManager: { global: { getTopLayer: function () {} } },
    contextPath: function () {
      return boot.contextPath;
    },
    escapeHtml: function (text) {
      var element = document.createElement("span");
      element.textContent = text;
      return element.innerHTML;
    },
  };
})();
