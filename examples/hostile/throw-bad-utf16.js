// Throws an error whose message is not well-formed text, with control characters and a line break.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    throw new Error("\ud800 \u0000 \u001b[2J\r\nforged: log line");
  },
};
