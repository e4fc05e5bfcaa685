/* AP.cookie: kept in this browser, separately for each app. */
import { callbackOf, callerOf, host } from "./page.js";

const DAY = 864e5;

function storageName(args) {
  return `connect.cookie:${callerOf(args).addon_key}$$${args[0]}`;
}

host.defineModule("cookie", {
  save(name, value, days) {
    const expiry = Date.now() + (typeof days === "number" ? days : 365) * DAY;
    localStorage.setItem(storageName(arguments), JSON.stringify({ value, expiry }));
  },
  read(name) {
    const stored = localStorage.getItem(storageName(arguments));
    const cookie = stored ? JSON.parse(stored) : null;
    const alive = cookie && cookie.expiry > Date.now();
    callbackOf(arguments)(alive ? String(cookie.value) : undefined);
  },
  erase(name) {
    localStorage.removeItem(storageName(arguments));
  },
});
