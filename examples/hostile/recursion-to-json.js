// `toJSON` that wraps itself anew each time.
//
// Outcomes: Exception, ExceededCpu, ExceededMemory
// Quarantine: never

export default {
  fetch() {
    const wrap = () => ({ toJSON: () => ({ nested: wrap() }) });
    return Response.json(wrap());
  },
};
