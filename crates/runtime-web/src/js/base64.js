// atob and btoa, as the Infra and HTML specifications define them. The work is native; this is the shape.

const { webidl } = internals;
const { DOMString } = webidl.converters;

webidl.exposeOperations({
  __proto__: null,
  atob(data) {
    const prefix = "Failed to execute 'atob'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    const decoded = native.atob(DOMString(data, prefix, "Argument 1"));
    if (decoded === null) {
      throw internals.domException(`${prefix}: the string is not correctly encoded`, "InvalidCharacterError");
    }
    return decoded;
  },
  btoa(data) {
    const prefix = "Failed to execute 'btoa'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    const encoded = native.btoa(DOMString(data, prefix, "Argument 1"));
    if (encoded === null) {
      throw internals.domException(`${prefix}: the string has characters outside of Latin1`, "InvalidCharacterError");
    }
    return encoded;
  },
});
