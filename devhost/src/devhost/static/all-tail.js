/* The end of all.js: what the product adds to npm's iframe.js on an app page.
   REFUSALS, {member: reason}, comes before it, from data/ap_members.csv. */
(function (AP, refusals) {
  "use strict";
  if (!AP || !AP._data || !AP._data.options) return;

  /* AP.request: the bridge strips functions inside objects, so the success and
     error callbacks stay on this side. */
  var globals = AP._hostModules && AP._hostModules._globals;
  if (globals && globals.request) {
    var sendToHost = globals.request;
    AP.request = globals.request = function (url, options) {
      var settings =
        typeof url === "object"
          ? Object.assign({}, url)
          : Object.assign({}, options, { url: url });
      var onSuccess = settings.success;
      var onError = settings.error;
      delete settings.success;
      delete settings.error;
      var answer = sendToHost(settings).then(
        function (result) {
          withHeaderReader(result.xhr);
          if (onSuccess) onSuccess(result.body, result.xhr.statusText, result.xhr);
          return result;
        },
        function (failure) {
          withHeaderReader(failure.xhr);
          if (onError) onError(failure.xhr, failure.xhr.statusText, failure.err);
          throw failure;
        }
      );
      if (onSuccess || onError) answer.catch(function () {});
      return answer;
    };
  }

  function withHeaderReader(xhr) {
    xhr.getResponseHeader = function (name) {
      return (xhr.headers || {})[String(name).toLowerCase()] || null;
    };
  }

  // These exist as globals in the product, and only as AP.env.* in iframe.js.
  ["getLocation", "sizeToParent", "hideFooter"].forEach(function (name) {
    if (AP.env && AP.env[name] && !AP[name]) AP[name] = AP.env[name];
  });

  /* AP.history: without a callback, getState returns what this page knows. */
  if (AP.history && AP.events) {
    var state = (AP._data.options.history || {}).state || "";
    var askHost = AP.history.getState;
    AP.history.getState = function (type, callback) {
      if (typeof type === "function") return askHost("hash", type);
      return callback ? askHost(type || "hash", callback) : state;
    };
    ["pushState", "replaceState"].forEach(function (name) {
      var change = AP.history[name];
      AP.history[name] = function (newState, title, url) {
        if (typeof newState === "string") state = newState;
        if (typeof url === "string") state = url;
        return change(newState, title, url);
      };
    });
    AP.events.on("history.popstate", function (event) {
      state = event.hash;
    });
    AP.history.popState = function (callback) {
      AP.events.on("history.popstate", callback);
    };
  }

  /* AP.dialog: one at a time. */
  if (AP.dialog && AP._data.options.refusesDialogs) {
    AP.dialog.create = function () {
      throw new Error("AP.dialog.create: a dialog cannot open another dialog");
    };
  }

  /* These return nothing; the host's refusal is thrown as an uncaught Error. */
  [["navigator", "go"], ["confluence", "saveMacro"], ["confluence", "closeMacroEditor"]]
    .forEach(function (names) {
      var module = AP[names[0]];
      if (!module || !module[names[1]]) return;
      var sendToHost = module[names[1]];
      module[names[1]] = function () {
        sendToHost.apply(module, arguments).catch(function (reason) {
          setTimeout(function () {
            throw new Error(reason);
          });
        });
      };
    });

  Object.keys(refusals).forEach(function (member) {
    var names = member.split(".");
    var module = names.length === 1 ? AP : (AP[names[0]] = AP[names[0]] || {});
    module[names[names.length - 1]] = function () {
      throw new Error("AP." + member + " is not in the local host: " + refusals[member]);
    };
  });
})(window.AP, REFUSALS);
