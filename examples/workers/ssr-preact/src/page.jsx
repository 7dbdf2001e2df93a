// The page that `index.jsx` renders: a table of sums, of any length. It keeps no state and reads no
// clock, so that the same request always gives the same bytes.

import { createContext } from "preact";
import { useContext, useMemo } from "preact/hooks";

const Currency = createContext("EUR");

function Row({ number }) {
  const currency = useContext(Currency);
  const cents = useMemo(() => (number * number * 37) % 100_000, [number]);
  return (
    <tr class={number % 2 === 0 ? "even" : "odd"}>
      <td>{number}</td>
      <td style={{ textAlign: "right" }}>{`${(cents / 100).toFixed(2)} ${currency}`}</td>
      <td>{cents > 50_000 ? <strong>large</strong> : "small & <escaped>"}</td>
    </tr>
  );
}

export function Page({ rows }) {
  const numbers = Array.from({ length: rows }, (_, index) => index + 1);
  return (
    <html lang="en">
      <head>
        <title>Sums</title>
      </head>
      <body>
        <h1>{rows} sums</h1>
        <Currency.Provider value="CHF">
          <table>
            <tbody>
              {numbers.map((number) => (
                <Row key={number} number={number} />
              ))}
            </tbody>
          </table>
        </Currency.Provider>
      </body>
    </html>
  );
}
