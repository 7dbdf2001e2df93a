// The page that `index.jsx` renders: a frame, and reviews that arrive later. It fetches nothing itself.

import { Suspense, use } from "react";

function Reviews({ reviews }) {
  const loaded = use(reviews);
  return (
    <ul>
      {loaded.map(({ id, author, stars, text }) => (
        <li key={id}>
          <b>{author}</b> {"★".repeat(stars)} {text}
        </li>
      ))}
    </ul>
  );
}

export function Page({ reviews }) {
  return (
    <html lang="en">
      <head>
        <title>A kettle</title>
      </head>
      <body>
        <h1>A kettle</h1>
        <Suspense fallback={<p>Loading the reviews</p>}>
          <Reviews reviews={reviews} />
        </Suspense>
        <footer>End of the frame</footer>
      </body>
    </html>
  );
}
