// Flattens an array that contains itself.
//
// Outcomes: Exception, ExceededMemory
// Quarantine: never

export default {
  fetch() {
    const array = [];
    array.push(array, array);
    return Response.json(array.flat(Infinity).length);
  },
};
