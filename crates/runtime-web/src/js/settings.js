// Where the global is on the web, what HTML calls its environment settings.
//
// In `internals.settings`: the `base` of relative URLs and the `origin`, both undefined unless the host has given the worker
// a location, which `locate(href)` does. `parse(text)` gives the href of a URL of the guest's or null, `notUrl(text)` says
// so.

const { ObjectDefineProperty, defineValue, ownDescriptor } = internals.prim;
const { WorkerGlobalScope, checkGlobal, global } = internals;

const settings = {
  __proto__: null,
  base: undefined,
  origin: undefined,
  parse(text) {
    const record = native.urlParse(text, settings.base);
    return record === null ? null : record[0];
  },
  notUrl: (text) => `'${text}' is not ${settings.base === undefined ? "an absolute" : "a valid"} URL`,
};

const attributes = {
  __proto__: null,
  get location() {
    checkGlobal(this);
    return internals.location;
  },
  set location(value) {
    checkGlobal(this);
    defineValue(global, "location", value);
  },
  get origin() {
    checkGlobal(this);
    return settings.origin;
  },
  set origin(value) {
    checkGlobal(this);
    defineValue(global, "origin", value);
  },
};

const expose = (name) => {
  const { get, set } = ownDescriptor(attributes, name);
  ObjectDefineProperty(WorkerGlobalScope.prototype, name, {
    __proto__: null, get, set, enumerable: true, configurable: true,
  });
};

// A worker without a location has no `location`: programs take one for a sign of a browser.
settings.locate = (href) => {
  settings.base = href;
  settings.origin = native.urlOrigin(href);
  expose("location");
  expose("origin");
};

internals.settings = settings;
