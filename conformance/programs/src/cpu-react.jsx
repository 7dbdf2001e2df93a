// CPU-bound: react-dom renders a table of a thousand rows, whose cells are counted in the result.
import { renderToReadableStream, renderToString } from 'react-dom/server.edge';

import { checksum } from './parts/checksum.js';

const Cell = ({ row, column }) => <td className={row % 2 ? 'odd' : 'even'} style={{ width: column * 10 }}>{`${row}:${column} <&>`}</td>;
const Row = ({ row }) => <tr id={`r${row}`}>{[0, 1, 2, 3, 4].map((column) => <Cell key={column} row={row} column={column} />)}</tr>;
const Table = ({ rows }) => <table><tbody>{Array.from({ length: rows }, (_, row) => <Row key={row} row={row} />)}</tbody></table>;
const count = (text, what) => text.split(what).length - 1;

export default {
  async fetch(request) {
    const url = new URL(request.url);
    const rows = Number(url.searchParams.get('rows') ?? 1000);
    if (url.pathname === '/stream') {
      return new Response(await renderToReadableStream(<Table rows={rows} />), { headers: { 'content-type': 'text/html' } });
    }
    const html = renderToString(<Table rows={rows} />);
    const right = count(html, '<tr') === rows && count(html, '<td') === rows * 5;
    return Response.json({ rows, right, length: html.length, checksum: checksum(html) }, { status: right ? 200 : 500 });
  },
};
