// Writes an amount for people. It does not convert currencies.

export const CURRENCY = "EUR";

/** Two digits after the point, commas between thousands. */
export default function formatAmount(amount) {
  const [whole, cents] = amount.toFixed(2).split(".");
  return `${whole.replace(/\B(?=(\d{3})+$)/g, ",")}.${cents}`;
}
