// Reads an amount out of a query parameter. It is not a money type: amounts are plain numbers.

/** The amount, or null when the text is none. */
export function parseAmount(text) {
  if (text === null || !/^\d{1,9}(\.\d{1,2})?$/.test(text)) return null;
  return Number(text);
}
