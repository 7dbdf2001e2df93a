// Tasks: what their handlers get, and what becomes of what they give.
//
// In `internals.tasks`: `argument(payload)` and `answer(invocation, result)`.

const { JSONStringify } = internals.prim;
const { responses } = internals;

internals.tasks = {
  __proto__: null,

  argument: (payload) => ({
    name: payload.name,
    payload: payload.payload,
    attempt: payload.attempt,
    scheduledTime: payload.scheduledTime,
  }),

  answer(invocation, result) {
    if (responses.isResponse(result)) {
      invocation.sendResponse(result);
      return;
    }
    let text;
    try {
      text = JSONStringify(result);
    } catch (error) {
      invocation.fail("bad-response", error);
      return;
    }
    if (text === undefined) invocation.respond(204, "", [], null, -1);
    else invocation.respond(200, "", ["content-type", "application/json"], native.encodeUtf8(text), -1);
  },
};
