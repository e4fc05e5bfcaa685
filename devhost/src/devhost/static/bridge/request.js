/* AP.request: calls the site's REST resources as the current user of this page.
   https://developer.atlassian.com/cloud/confluence/jsapi/request/ */
import { boot, callerOf, host, promising } from "./page.js";

const ROOTS = ["/rest/", "/api/", "/download/"];

function restAddress(url) {
  const root = `${boot.contextPath}/`;
  const given = String(url);
  const below = given.startsWith(root) ? given.slice(root.length) : given;
  const path = below.replace(/^\//, "");
  const address = new URL(`${boot.contextPath}/${path}`, location.origin);
  const isRest = ROOTS.some((root) =>
    address.pathname.startsWith(boot.contextPath + root)
  );
  if (address.origin !== location.origin || !isRest) {
    throw new Error("AP.request reaches only the site's REST resources");
  }
  return address;
}

function formData(data) {
  const form = new FormData();
  for (const [name, value] of Object.entries(data)) form.append(name, value);
  return form;
}

function settingsOf(options, appKey) {
  const method = String(options.type || "GET").toUpperCase();
  const headers = new Headers({ Accept: "*/*", ...options.headers });
  headers.set("AP-Client-Key", appKey);
  headers.set("X-Devhost-Session", boot.session);
  if (options.experimental === true) headers.set("X-ExperimentalApi", "opt-in");
  let body = options.data;
  if (options.contentType === "multipart/form-data") {
    // The browser writes the header itself, with the boundary.
    body = formData(body || {});
  } else {
    if (options.contentType) headers.set("Content-Type", options.contentType);
    if (body && typeof body === "object") body = jQuery.param(body);
  }
  const cache = options.cache === false ? "no-store" : "default";
  return { method, headers, body, cache };
}

async function toXhr(response, isBinary) {
  const xhr = {
    status: response.status,
    statusText: response.statusText,
    headers: Object.fromEntries(response.headers),
  };
  if (isBinary && response.ok) return { xhr, body: await response.arrayBuffer() };
  xhr.responseText = await response.text();
  return { xhr, body: xhr.responseText };
}

function failure(message) {
  const xhr = { status: 0, statusText: "error", responseText: "", headers: {} };
  return { err: message, xhr };
}

export async function send(options, appKey) {
  let response;
  try {
    const address = restAddress(options.url);
    const settings = settingsOf(options, appKey);
    if (["GET", "HEAD"].includes(settings.method)) {
      if (settings.body) address.search += (address.search && "&") + settings.body;
      delete settings.body;
    }
    response = await fetch(address, settings);
  } catch (error) {
    throw failure(error.message);
  }
  const { xhr, body } = await toXhr(response, options.binaryAttachment === true);
  if (!response.ok) throw { err: xhr.statusText || xhr.responseText, xhr };
  return { body, xhr };
}

// An app sees refusals of REST resources in its own console.
const request = (...args) => send(args[0] || {}, callerOf(args).addon_key);
request.returnsPromise = true;
host.defineModule({ request });
