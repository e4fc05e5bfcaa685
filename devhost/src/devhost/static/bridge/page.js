/* The settings of this page, and helpers for every part of the bridge.

   A host method's last argument is the caller's callback; its _context.extension
   says which iframe calls. Nothing else in the arguments is trusted for that. */
export const boot = JSON.parse(document.getElementById("boot").textContent);
export const host = window.connectHost;

export function callbackOf(args) {
  return args[args.length - 1];
}

export function callerOf(args) {
  return callbackOf(args)._context.extension;
}

/* Makes both `await AP.x()` and `AP.x(callback)` work on the app's side, and a
   failure an Error there instead of a line in this page's console only. */
export function promising(method) {
  async function answer(...args) {
    try {
      // The bridge treats undefined as a failure.
      return (await method(...args)) ?? null;
    } catch (error) {
      console.error(error.message || error.err || error);
      throw error;
    }
  }
  answer.returnsPromise = true;
  return answer;
}

export function reader(value) {
  return function () {
    callbackOf(arguments)(value);
  };
}

export function notHere(member, reason) {
  return new Error(`${member} is not in the local host: ${reason}`);
}

export function contentIdOf(extension) {
  const shown = (boot.location.context || {}).contentId || null;
  return (extension.options || {}).contentId || shown;
}

/* Undefined values are not sent. The space of a content need not be sent. */
export function placeOf(extension) {
  const options = extension.options || {};
  const contentId = contentIdOf(extension);
  return {
    appKey: extension.addon_key,
    moduleKey: extension.key,
    contentId,
    macroId: options.macroId,
    spaceKey: contentId ? undefined : options.spaceKey || boot.spaceKey || undefined,
    customData: options.customData || undefined,
  };
}

/* Call this page's own server. */
export async function ask(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Devhost-Session": boot.session },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error || response.statusText);
  return answer;
}
