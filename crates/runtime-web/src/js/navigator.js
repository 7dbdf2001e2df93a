// Navigator, as far as HTML gives it to workers without a window or a network of their own.

const { webidl } = internals;

class Navigator {
  #brand;
  constructor(key = undefined) { webidl.checkIllegal(key); }
  get userAgent() {
    this.#brand;
    return "Isolane";
  }
}
webidl.exposeInterface(Navigator);

internals.navigator = new Navigator(webidl.illegal);
