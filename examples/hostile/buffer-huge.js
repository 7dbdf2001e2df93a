// Asks for one buffer of a terabyte.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    return Response.json(new ArrayBuffer(2 ** 40).byteLength);
  },
};
