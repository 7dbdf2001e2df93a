// A conversion to text that converts itself.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    const object = {
      toString() {
        return `${this}`;
      },
    };
    return new Response(object);
  },
};
