/* The iframes of this page. */
import { ask, boot, host, placeOf } from "./page.js";
import { hashState } from "./history.js";

function frameOf(extension) {
  const { macroEditor } = extension.options || {};
  const place = placeOf(extension);
  if (!macroEditor) return ask("/devhost/api/iframe", place);
  return ask("/devhost/api/macro-editor", { ...place, ...macroEditor });
}

// The bridge needs a jQuery promise, whose failure has a text.
function resolve(extension) {
  const answer = $.Deferred();
  frameOf(extension).then(
    (frame) =>
      answer.resolve({ addon_key: extension.addon_key, key: extension.key, ...frame }),
    (error) => {
      console.error(`no module ${extension.key} of ${extension.addon_key}`);
      answer.reject({}, { text: error.message });
    }
  );
  return answer.promise();
}

// Called for dialogs, and for an iframe whose token is about to expire.
host.registerContentResolver.resolveByExtension(resolve);
host.setExtensionConfigurationOptions({});
host.onIframeTimeout((data) => {
  document.body.dataset.bridge = "timeout";
  console.error(`the page of ${data.extension.key} did not load all.js`);
});
host.onIframeEstablished(() => {
  document.body.dataset.bridge = "established";
});

function show(frame) {
  const options = {
    ...frame.options,
    history: { state: hashState() },
    user: { accountId: boot.accountId },
  };
  const target = document.getElementById(frame.target);
  const $container = host.create({
    addon_key: frame.appKey,
    key: frame.moduleKey,
    url: frame.url,
    options,
  });
  $(target).append($container);
  const iframe = $container.find("iframe");
  iframe.attr("title", target.dataset.title);
  // In a line of text, the iframe is as wide as its container.
  if (frame.width) (frame.isInline ? $(target) : iframe).css("width", frame.width);
  // The bridge lets an iframe grow with its page's body, but never shrink.
  const smallest = options.isFullPage ? null : "48px";
  if (frame.height || smallest) iframe.css("height", frame.height || smallest);
}

boot.frames.forEach(show);
