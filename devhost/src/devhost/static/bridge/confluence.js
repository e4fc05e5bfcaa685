/* AP.confluence: macros and content properties.
   https://developer.atlassian.com/cloud/confluence/jsapi/confluence/

   A macro editor is a dialog of the page editor, with options.macroEditor: it
   sends what it saves to that page in the event macro-editor-save. */
import { callbackOf, callerOf, contentIdOf, host, promising } from "./page.js";
import { followProperty } from "./byline.js";
import { send } from "./request.js";

const UPDATED = "contentProperty.update";

function checkIsEditor(args, member) {
  if (!callerOf(args).options.macroEditor) {
    throw new Error(`AP.confluence.${member}: this page is not a macro editor`);
  }
}

function propertyUrl(caller, key) {
  const contentId = contentIdOf(caller);
  if (!contentId) throw new Error("There is no current content.");
  const path = ["rest/api/content", encodeURIComponent(contentId), "property"];
  return path.concat(key === undefined ? [] : encodeURIComponent(key)).join("/");
}

async function readProperty(caller, key) {
  const answer = await send({ url: propertyUrl(caller, key) }, caller.addon_key);
  return JSON.parse(answer.body);
}

async function writeProperty(caller, property) {
  const isUpdate = ((property.version || {}).number || 1) > 1;
  const answer = await send(
    {
      url: propertyUrl(caller, isUpdate ? property.key : undefined),
      type: isUpdate ? "PUT" : "POST",
      contentType: "application/json",
      data: JSON.stringify(property),
    },
    caller.addon_key
  );
  return JSON.parse(answer.body);
}

function reasonOf(error) {
  const text = error.xhr && error.xhr.responseText;
  try {
    return JSON.parse(text).message;
  } catch {
    return text || error.err || error.message;
  }
}

async function tellProperty(args) {
  const caller = callerOf(args);
  try {
    const property = await readProperty(caller, args[0]);
    callbackOf(args)(property);
    return property;
  } catch (error) {
    console.error(`AP.confluence: ${reasonOf(error)}`);
    callbackOf(args)(null);
    return null;
  }
}

host.defineModule("confluence", {
  getMacroData() {
    callbackOf(arguments)(callerOf(arguments).options.macroParameters || {});
  },
  getMacroBody() {
    callbackOf(arguments)(callerOf(arguments).options.macroBody || "");
  },
  saveMacro: promising(function (parameters, body) {
    checkIsEditor(arguments, "saveMacro");
    const given = typeof body === "string" ? { body } : {};
    const detail = { parameters: parameters || {}, ...given };
    document.dispatchEvent(new CustomEvent("macro-editor-save", { detail }));
  }),
  closeMacroEditor: promising(function () {
    checkIsEditor(arguments, "closeMacroEditor");
    const appKey = callerOf(arguments).addon_key;
    // Its submit button may have closed it already.
    if (host.getFrameworkAdaptor().getProviderByModuleName("dialog").isActiveDialog(appKey)) {
      host.dialog.close(appKey);
    }
  }),
  getContentProperty(key) {
    tellProperty(arguments);
  },
  async setContentProperty(property) {
    const callback = callbackOf(arguments);
    try {
      const written = await writeProperty(callerOf(arguments), property || {});
      followProperty(written);
      callback({ property: written });
    } catch (error) {
      callback({ error: reasonOf(error) });
    }
  },
  async syncPropertyFromServer(key) {
    const property = await tellProperty(arguments);
    const app = { addon_key: callerOf(arguments).addon_key };
    followProperty(property);
    if (property) host.broadcastEvent(UPDATED, app, property);
  },
});
