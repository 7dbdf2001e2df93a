// Keeps its response and answers the next event with it again.
//
// Outcomes: Ok, Exception
// Quarantine: never

let kept;

export default {
  fetch() {
    kept ??= new Response("once");
    return kept;
  },
};
