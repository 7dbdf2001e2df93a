// Throws a proxy that was revoked.
//
// Outcomes: Exception
// Quarantine: never

export default {
  fetch() {
    const { proxy, revoke } = Proxy.revocable(new Error("hidden"), {});
    revoke();
    throw proxy;
  },
};
