/* Byline items that follow a content property, as it changes here.
   https://developer.atlassian.com/cloud/confluence/modules/content-byline-item/ */
function absolute(url, root) {
  return /^https?:/i.test(url) ? url : `${root}/${url.replace(/^\/+/, "")}`;
}

function follow(link, value) {
  const label = value.name && value.name.value;
  const tooltip = value.tooltip && value.tooltip.value;
  const icon = link.querySelector("img");
  if (typeof label === "string") link.querySelector(".label").textContent = label;
  // Only properties that the module itself has are replaced.
  if (typeof tooltip === "string" && link.hasAttribute("title")) link.title = tooltip;
  if (icon && value.icon && typeof value.icon.url === "string") {
    icon.src = absolute(value.icon.url, link.dataset.appUrl);
  }
}

export function followProperty(property) {
  const value = (property || {}).value;
  if (!value || typeof value !== "object") return;
  document.querySelectorAll(".byline [data-property-key]").forEach((link) => {
    if (link.dataset.propertyKey === property.key) follow(link, value);
  });
}
