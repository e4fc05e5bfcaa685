/* AP.confluence: macros and content properties.
   https://developer.atlassian.com/cloud/confluence/jsapi/confluence/

   A macro editor is an iframe with options.macroEditor = {saveUrl, closeUrl}:
   our page's server stores what is posted to saveUrl, as {parameters, body}. */
import {
  ask, boot, callbackOf, callerOf, contentIdOf, host, placeOf, promising,
} from "./page.js";
import { followProperty } from "./byline.js";
import { send } from "./request.js";

const UPDATED = "contentProperty.update";

// An app closes its editor at once after it saves.
let saving = Promise.resolve();

function editorOf(args, member) {
  const editor = callerOf(args).options.macroEditor;
  if (!editor) {
    throw new Error(`AP.confluence.${member}: this page is not a macro editor`);
  }
  return editor;
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
    const editor = editorOf(arguments, "saveMacro");
    const given = typeof body === "string" ? { body } : {};
    const place = placeOf(callerOf(arguments));
    saving = ask(editor.saveUrl, { ...place, parameters, ...given });
    return saving.then(() => null);
  }),
  closeMacroEditor: promising(async function () {
    const editor = editorOf(arguments, "closeMacroEditor");
    await saving.catch(() => {});
    location.assign(editor.closeUrl);
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
