// Overflows the stack, catches that, and does it again, in every frame at once. Where the loop's own interrupt check
// has been optimised away in favour of the call's, the call finds the stack full before it finds the interrupt.
//
// Outcomes: ExceededCpu
// Quarantine: possible

export default {
  fetch() {
    const recurse = () => {
      for (;;) {
        try {
          recurse();
        } catch {}
      }
    };
    recurse();
  },
};
