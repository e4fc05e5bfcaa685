/* AP.history: the part of this page's address after #!
   https://developer.atlassian.com/cloud/confluence/jsapi/history/ */
import { boot, callbackOf, callerOf, host } from "./page.js";

export function hashState(url = location.href) {
  const hash = new URL(url).hash.replace(/^#!?/, "");
  try {
    return decodeURI(hash);
  } catch {
    return hash;
  }
}

let appKey = boot.appKey;
let shownUrl = location.href;

function change(method, state, title, url, args) {
  appKey = callerOf(args).addon_key;
  const isText = typeof state === "string";
  const hash = typeof url === "string" ? url : isText ? state : hashState();
  const name = typeof title === "string" ? title : "";
  history[method]({ app: state, title: name }, "", `#!${encodeURI(hash)}`);
  shownUrl = location.href;
}

host.defineModule("history", {
  getState(type) {
    const all = { key: appKey, hash: hashState(), title: document.title };
    const answer = type === "all" ? { ...all, href: location.href } : all.hash;
    callbackOf(arguments)(answer);
  },
  pushState(state, title, url) {
    change("pushState", state, title, url, arguments);
  },
  replaceState(state, title, url) {
    change("replaceState", state, title, url, arguments);
  },
  back: () => history.back(),
  forward: () => history.forward(),
  go: (steps) => history.go(steps),
  popState() {},
});

window.addEventListener("popstate", (event) => {
  const oldURL = hashState(shownUrl);
  shownUrl = location.href;
  if (!appKey) return;
  const state = event.state || {};
  host.broadcastEvent("history.popstate", { addon_key: appKey }, {
    key: appKey,
    hash: hashState(),
    query: location.search.slice(1) || null,
    title: state.title || document.title,
    href: location.href,
    state: state.app === undefined ? hashState() : state.app,
    newURL: hashState(),
    oldURL,
  });
});
