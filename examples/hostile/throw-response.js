// Throws a response instead of returning it.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    throw new Response("thrown", { status: 200 });
  },
};
