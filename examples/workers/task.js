// A worker for jobs: `task` receives a name and a JSON payload from the host and what it returns
// becomes the JSON answer. It shows dispatch by name, and that a task which cannot be done throws, so
// that the host knows it failed. It is not a queue: storing and repeating tasks is the host's.
//
// Run one task (the body is the payload):
//   isolane run examples/workers/task.js --event task --data '{"words":["fig","apple","fig"]}'
// It prints:
//   {"total":3,"counts":{"apple":1,"fig":2}}

function countWords({ words }) {
  if (!Array.isArray(words) || !words.every((word) => typeof word === "string")) {
    throw new TypeError("the payload must be {\"words\": [text, ...]}");
  }
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const sorted = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  return { total: words.length, counts: Object.fromEntries(sorted) };
}

export default {
  async task(task) {
    return countWords(task.payload ?? {});
  },
};
