/* AP.dialog on the browser's own <dialog>.
   https://developer.atlassian.com/cloud/confluence/jsapi/dialog/ */
import { button, element, provide } from "./elements.js";
import { boot, callbackOf, callerOf, host } from "./page.js";

const SIZES = {
  small: ["400px", "400px"],
  medium: ["600px", "500px"],
  large: ["800px", "600px"],
  xlarge: ["968px", "700px"],
  maximum: ["100%", "100%"],
  fullscreen: ["100%", "100%"],
};

// The options of the descriptor's `dialogs` and web items; connect-host.js reads them.
Object.assign(window._AP, boot.dialogs);

let dialog = null;

// Until its page listens, nothing else would close the dialog.
function press(options) {
  if (dialog.isEstablished) options.onClick();
  else host.dialog.close(dialog.extension.addon_key);
}

function addButton(options) {
  const made = button(options.text, () => press(options));
  made.disabled = Boolean(options.disabled);
  made.hidden = Boolean(options.hidden);
  const isPrimary = options.type === "primary" || options.identifier === "submit";
  made.classList.toggle("primary", isPrimary);
  dialog.buttons[options.identifier] = made;
  dialog.bar.append(made);
}

// A button that does not exist can be read and changed, without any effect.
function namedButton(identifier) {
  return (dialog && dialog.buttons[identifier]) || element("button");
}

function dimensions(options) {
  const size = String(options.size || "").toLowerCase().replace("x-large", "xlarge");
  const [width, height] = SIZES[size] || ["50%", "50%"];
  return {
    fills: size === "maximum" || size === "fullscreen",
    width: options.width || width,
    height: options.height || height,
  };
}

function decorate(box, body, options) {
  box.setAttribute("aria-label", options.header || "Dialog");
  if (!options.chrome) {
    box.append(body);
    return;
  }
  const header = element("header");
  header.append(element("h2", "", options.header));
  const footer = element("footer");
  footer.append(element("span", "hint", options.hint));
  footer.append(dialog.bar);
  options.actions.forEach(addButton);
  box.append(header, body, footer);
}

function create(options, extension) {
  if (dialog) throw new Error("AP.dialog.create: a dialog is open already");
  extension.options.isDialog = true;
  extension.options.dialogId = options.id;
  extension.options.refusesDialogs = true;
  const { fills, width, height } = dimensions(options);
  const box = element("dialog", `app-dialog${fills ? " fills" : ""}`);
  box.style.width = width;
  box.style.height = height;
  const bar = element("div", "row");
  dialog = { box, extension, bar, buttons: {}, isEstablished: false };
  const body = element("div", "app-dialog-body");
  decorate(box, body, options);
  box.addEventListener("cancel", (event) => {
    event.preventDefault();
    if (options.closeOnEscape) host.dialog.close(extension.addon_key);
  });
  document.body.append(box);
  box.showModal();
  // Without a URL the bridge asks the content resolver for one.
  $(body).append(host.create(extension));
}

provide("dialog", {
  create,
  close() {
    if (!dialog) return;
    const { box } = dialog;
    dialog = null;
    box.close();
    box.remove();
    document.dispatchEvent(new CustomEvent("app-dialog-closed"));
  },
  isActiveDialog: (appKey) => Boolean(dialog) && dialog.extension.addon_key === appKey,
  setButtonDisabled(identifier, disabled) {
    namedButton(identifier).disabled = disabled;
  },
  isButtonDisabled: (identifier) => namedButton(identifier).disabled,
  toggleButton(identifier) {
    const named = namedButton(identifier);
    named.disabled = !named.disabled;
  },
  setButtonHidden(identifier, hidden) {
    namedButton(identifier).hidden = hidden;
  },
  isButtonHidden: (identifier) => namedButton(identifier).hidden,
  createButton: addButton,
});

host.onIframeEstablished(({ extension }) => {
  const id = (extension.options || {}).dialogId;
  if (dialog && id === dialog.extension.options.dialogId) dialog.isEstablished = true;
});

host.defineModule("dialog", {
  isCloseOnEscape() {
    const { options } = callerOf(arguments);
    callbackOf(arguments)(options.preventDialogCloseOnEscape !== true);
  },
});
