// A form's fields are its properties, whatever they are called: these two are always the browser's own.
const own = (prototype, name) => Object.getOwnPropertyDescriptor(prototype, name).get;
const data = own(HTMLElement.prototype, "dataset");
const elements = own(HTMLFormElement.prototype, "elements");

export const dataOf = (form) => data.call(form);
export const fieldsOf = (form) => elements.call(form);

/** The names of the fields that hold their defaults: without them a request means the same, also tomorrow. */
export function atDefaults(form) {
  const texts = new Map();
  for (const input of fieldsOf(form)) {
    const box = input.name && input.closest(".field[data-default]");
    if (!box) continue;
    if (!texts.has(box)) texts.set(box, { name: input.name, held: [] });
    const isHeld = input.value !== "" && (input.type !== "checkbox" || input.checked);
    if (isHeld) texts.get(box).held.push(plain(input.value));
  }
  const same = ([box, { held }]) => held.sort().join("\n") === JSON.parse(box.dataset.default).map(plain).sort().join("\n");
  return new Set([...texts].filter(same).map(([, { name }]) => name));
}

/** A moment with or without its seconds of 0: browsers leave them out. */
const plain = (text) => text.replace(/^(\S+T\d\d:\d\d):00$/, "$1");
