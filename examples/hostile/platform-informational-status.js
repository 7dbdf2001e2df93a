// Answers with status 101, which would hand the connection over.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    return new Response(null, { status: 101 });
  },
};
