/** Measurements of one thing in a minute or longer: enough for a mean, the ends, and what it was last. */

import type { Json } from "../../core/base/json.ts";
import type { Kind } from "./book.ts";

export interface Numbers {
  count: number;
  sum: number;
  min: number;
  max: number;
  last: number;
}

export function createNumbers(): Numbers {
  return { count: 0, sum: 0, min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY, last: 0 };
}

export function addNumber(numbers: Numbers, value: number): void {
  numbers.count += 1;
  numbers.sum += value;
  numbers.min = Math.min(numbers.min, value);
  numbers.max = Math.max(numbers.max, value);
  numbers.last = value;
}

export function mergeNumbers(into: Numbers, from: Numbers): void {
  if (from.count === 0) return;
  into.count += from.count;
  into.sum += from.sum;
  into.min = Math.min(into.min, from.min);
  into.max = Math.max(into.max, from.max);
  into.last = from.last;
}

export function numbersKind(name: string): Kind<Numbers> {
  return {
    name,
    create: createNumbers,
    merge: mergeNumbers,
    toJson: ({ count, sum, min, max, last }) => [count, sum, min, max, last],
    fromJson: numbersFromJson,
  };
}

function numbersFromJson(json: Json): Numbers {
  const numbers = createNumbers();
  if (!Array.isArray(json) || typeof json[0] !== "number" || json[0] === 0) return numbers;
  const [count = 0, sum = 0, min = 0, max = 0, last = 0] = json.map(Number);
  return { count, sum, min, max, last };
}
