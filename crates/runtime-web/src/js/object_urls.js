// blob: URLs, as the File API defines them: URL.createObjectURL and revokeObjectURL, and what fetch finds under them. An
// URL lives until it is revoked or the request ends.
//
// In `internals.objectUrls`: `resolve(href)` gives the Blob that an URL stands for now, or undefined.

const { Map, MapPrototypeDelete, MapPrototypeGet, MapPrototypeSet, StringPrototypeIndexOf, StringPrototypeSlice } =
  internals.prim;
const { blobs, requestEpoch, settings, webidl } = internals;
const { USVString } = webidl.converters;

let store = new Map();
let epoch = requestEpoch.value;

const current = () => {
  if (epoch !== requestEpoch.value) {
    epoch = requestEpoch.value;
    store = new Map();
  }
  return store;
};

const withoutFragment = (href) => {
  const hash = StringPrototypeIndexOf(href, "#");
  return hash === -1 ? href : StringPrototypeSlice(href, 0, hash);
};

const blobArgument = webidl.interfaceType("Blob", blobs.isBlob);

internals.objectUrls = {
  __proto__: null,
  create(blob, present) {
    const prefix = "Failed to execute 'createObjectURL' on 'URL'";
    webidl.requiredArguments(present, 1, prefix);
    blobArgument(blob, prefix, "Argument 1");
    const url = `blob:${settings.origin ?? "null"}/${native.randomUUID()}`;
    MapPrototypeSet(current(), url, blob);
    return url;
  },
  revoke(url, present) {
    const prefix = "Failed to execute 'revokeObjectURL' on 'URL'";
    webidl.requiredArguments(present, 1, prefix);
    MapPrototypeDelete(current(), USVString(url, prefix, "Argument 1"));
  },
  resolve: (href) => MapPrototypeGet(current(), withoutFragment(href)),
};
