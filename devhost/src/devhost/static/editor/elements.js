/* Elements of the editor: fields with labels, and its own dialogs. */
import { button, element } from "../bridge/elements.js";

export { button, element };

let count = 0;

export function labelled(text, field, hint) {
  const box = element("div", "field");
  field.id = `field-${++count}`;
  const label = element("label", "", text);
  label.htmlFor = field.id;
  box.append(...(field.type === "checkbox" ? [field, label] : [label, field]));
  if (hint) {
    const words = element("p", "quiet", hint);
    words.id = `${field.id}-hint`;
    field.setAttribute("aria-describedby", words.id);
    box.append(words);
  }
  return box;
}

/* Our own dialog; *build* fills it, and it resolves to the argument of close. */
export function openDialog(title, build, className = "") {
  return new Promise((resolve) => {
    const box = element("dialog", `app-dialog editor-dialog ${className}`);
    box.setAttribute("aria-label", title);
    const header = element("header");
    header.append(element("h2", "", title));
    const close = (answer) => {
      box.close();
      box.remove();
      resolve(answer);
    };
    box.addEventListener("cancel", (event) => {
      event.preventDefault();
      close(null);
    });
    box.append(header);
    document.body.append(box);
    build(box, close);
    box.showModal();
  });
}
