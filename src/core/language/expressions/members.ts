/** How objects of ours are built. */

import type { Json } from "../../base/json.ts";

/** Sets an own member whatever its name: a plain assignment to `__proto__` would change the prototype. */
export function setMember(object: { [key: string]: Json }, key: string, value: Json): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    object[key] = value;
  }
}
