// WorkerLocation, as HTML defines it: the place on the web that the host has given the worker.
//
// `internals.location` is the worker's, undefined if it has none.

const { settings, url, webidl } = internals;

class WorkerLocation {
  #url;

  constructor(key = undefined, href = undefined) {
    webidl.checkIllegal(key);
    this.#url = url.open(href);
  }

  get href() {
    this.#url;
    return settings.base;
  }

  get origin() {
    this.#url;
    return settings.origin;
  }

  get protocol() { return url.read(this.#url, "protocol"); }
  get host() { return url.read(this.#url, "host"); }
  get hostname() { return url.read(this.#url, "hostname"); }
  get port() { return url.read(this.#url, "port"); }
  get pathname() { return url.read(this.#url, "pathname"); }
  get search() { return url.read(this.#url, "search"); }
  get hash() { return url.read(this.#url, "hash"); }

  toString() {
    this.#url;
    return settings.base;
  }
}
webidl.exposeInterface(WorkerLocation);

internals.location = settings.base === undefined ? undefined : new WorkerLocation(webidl.illegal, settings.base);
