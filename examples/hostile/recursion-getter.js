// A getter that reads itself.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    const object = {
      get self() {
        return this.self;
      },
    };
    return Response.json(object.self);
  },
};
