// Module state: a variable at the top level of the module. With the context policy `Reuse`, requests
// that land in the same context see it grow; with `Fresh`, every request sees 1. Nothing promises which
// context a request lands in, so such state is good for caches and for nothing that must be right. It
// is not a way to count: that takes a store behind a binding.
//
// Run one request:
//   isolane run examples/workers/counter.js
// It prints:
//   request 1 in this context

let served = 0;

export default {
  fetch() {
    served += 1;
    return new Response(`request ${served} in this context\n`);
  },
};
