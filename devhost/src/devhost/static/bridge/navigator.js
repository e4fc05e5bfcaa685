/* AP.navigator: navigation to another page of the site.
   https://developer.atlassian.com/cloud/confluence/jsapi/navigator/ */
import { ask, boot, callerOf, host, notHere, placeOf, promising, reader } from "./page.js";

function need(context, name, target) {
  const value = context[name];
  if (value === undefined || value === null || value === "") {
    throw new Error(`AP.navigator.go: ${target} needs ${name}`);
  }
  return encodeURIComponent(value);
}

async function contentAddress(context, caller) {
  need(context, "contentId", "contentview");
  const place = { ...placeOf(caller), contentId: String(context.contentId) };
  const { address } = await ask("/devhost/api/content-address", place);
  return location.origin + address + customQuery(context);
}

function customQuery(context) {
  const data = Object.entries(context.customData || {}).flatMap(([name, values]) =>
    [values].flat().map((value) => [`ac.${name}`, value ?? ""])
  );
  return data.length ? `?${new URLSearchParams(data)}` : "";
}

function appPage(context) {
  const keys = ["addonKey", "moduleKey"].map((name) => need(context, name, "addonModule"));
  return `/plugins/servlet/ac/${keys.join("/")}${customQuery(context)}`;
}

function siteAddress(context) {
  const given = context.relativeUrl || context.absoluteUrl;
  if (!given) throw new Error("AP.navigator.go: site needs relativeUrl or absoluteUrl");
  const address = new URL(given, location.origin);
  const isRelative = !context.relativeUrl || /^\/(?![/\\])/.test(context.relativeUrl);
  if (address.origin !== location.origin || !isRelative) {
    throw new Error("AP.navigator.go: site leads to pages of this site only");
  }
  return address.href;
}

const routes = {
  dashboard: () => "/",
  contentview: contentAddress,
  contentedit: (context) =>
    `/pages/edit${context.contentType === "blogpost" ? "blogpost" : "page"}.action` +
    `?pageId=${need(context, "contentId", "contentedit")}`,
  spaceview: (context) => `/spaces/${need(context, "spaceKey", "spaceview")}`,
  spacetools: (context) =>
    `/spaces/viewspacesummary.action?key=${need(context, "spaceKey", "spacetools")}`,
  contentlist: (context) =>
    `/spaces/${need(context, "spaceKey", "contentlist")}/` +
    (context.contentType === "blogpost" ? "blog" : "pages"),
  userprofile: (context) =>
    `/people/${need(context, context.userAccountId ? "userAccountId" : "username", "userProfile")}`,
  addonmodule: appPage,
  site: siteAddress,
};

async function isThere(address) {
  const { status } = await fetch(address, { method: "HEAD" });
  return ![404, 405, 501].includes(status);
}

host.defineModule("navigator", {
  go: promising(async function (target, context) {
    const route = routes[String(target).toLowerCase()];
    if (!route) throw notHere(`AP.navigator.go("${target}")`, "it has no such target");
    const found = await route(context || {}, callerOf(arguments));
    const address = found.startsWith("/") ? boot.contextPath + found : found;
    if (!(await isThere(address))) {
      throw notHere(`AP.navigator.go("${target}")`, `there is no page ${address}`);
    }
    location.assign(address);
  }),
  getLocation: reader(boot.location),
  reload: () => location.reload(),
});
