// Looks up a name that no object of a very long prototype chain has, which native code walks without a
// check.
//
// Outcomes: ExceededCpu
// Quarantine: possible

export default {
  fetch() {
    let object = {};
    for (let i = 0; i < 100_000; i++) object = Object.create(object);
    for (;;) object.missing;
  },
};
