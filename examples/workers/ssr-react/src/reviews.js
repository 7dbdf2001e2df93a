// Reviews as a slow service would give them: after a while, and always the same. It stands for a call to
// a database or an API.

const AUTHORS = ["Ada", "Grace", "Edsger", "Barbara"];

/** `count` reviews, a few milliseconds later. */
export async function loadReviews(count) {
  await new Promise((resolve) => setTimeout(resolve, 10));
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    author: AUTHORS[index % AUTHORS.length],
    stars: 1 + ((index * 3) % 5),
    text: `Boils <water> & whistles, review ${index + 1}.`,
  }));
}
