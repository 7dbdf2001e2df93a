// Recurses without end.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    const recurse = (n) => recurse(n + 1) + 1;
    return Response.json(recurse(0));
  },
};
