// ByteLengthQueuingStrategy and CountQueuingStrategy: the queuing strategies that come with the platform.

const { ObjectDefineProperty } = internals.prim;
const { webidl } = internals;
const { converters, dictionary, requiredArguments } = webidl;

const strategyInit = dictionary("QueuingStrategyInit", [
  { __proto__: null, key: "highWaterMark", converter: converters.unrestrictedDouble, required: true },
]);

// One function for the realm, as the specification wants. Arrow functions, so that neither is a constructor;
// their name and length are those of the specification.
const byteLengthSize = ((chunk) => chunk.byteLength);
const countSize = (() => 1);
ObjectDefineProperty(byteLengthSize, "name", { __proto__: null, value: "size" });
ObjectDefineProperty(countSize, "name", { __proto__: null, value: "size" });

class ByteLengthQueuingStrategy {
  #highWaterMark;

  constructor(init) {
    const prefix = "Failed to construct 'ByteLengthQueuingStrategy'";
    requiredArguments(arguments.length, 1, prefix);
    this.#highWaterMark = strategyInit(init, prefix, "Argument 1").highWaterMark;
  }

  get highWaterMark() {
    return this.#highWaterMark;
  }

  get size() {
    this.#highWaterMark;
    return byteLengthSize;
  }
}
webidl.exposeInterface(ByteLengthQueuingStrategy);

class CountQueuingStrategy {
  #highWaterMark;

  constructor(init) {
    const prefix = "Failed to construct 'CountQueuingStrategy'";
    requiredArguments(arguments.length, 1, prefix);
    this.#highWaterMark = strategyInit(init, prefix, "Argument 1").highWaterMark;
  }

  get highWaterMark() {
    return this.#highWaterMark;
  }

  get size() {
    this.#highWaterMark;
    return countSize;
  }
}
webidl.exposeInterface(CountQueuingStrategy);
