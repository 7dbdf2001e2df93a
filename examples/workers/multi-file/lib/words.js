// Spells numbers out in English. Loaded on demand by `index.js`; it knows numbers below one hundred and
// gives the digits of any other.

import { CURRENCY } from "./format.js";

const SMALL = [
  "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
  "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
];
const TENS = [
  "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
];

// Shares one instance of the module with `index.js`.
if (CURRENCY !== "EUR") throw new Error("these words are about euros");

/** The number in words. */
export function inWords(number) {
  if (number < 20) return SMALL[number];
  if (number >= 100) return String(number);
  const unit = number % 10;
  const tens = TENS[(number - unit) / 10];
  return unit === 0 ? tens : `${tens}-${SMALL[unit]}`;
}
