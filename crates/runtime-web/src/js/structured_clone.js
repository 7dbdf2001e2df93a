// structuredClone, as HTML defines it. Serialising and transferring are native; what the native side cannot know is
// here: which objects are instances of the platform's classes, and how the serialisable ones are taken apart and
// put together again.
//
// For other files: `internals.cloning.register(tag, isInstance, serialise, deserialise)` makes instances of an
// interface serialisable: `serialise(object)` gives a value that can be cloned, `deserialise(value)` the copy.

const {
  ArrayPrototypePush, ObjectPrototype, ReflectGetPrototypeOf,
} = internals.prim;
const { webidl } = internals;
const { object } = webidl.converters;

const cloning = { __proto__: null };
internals.cloning = cloning;

const registered = [];

cloning.register = (tag, isInstance, serialise, deserialise) => {
  ArrayPrototypePush(registered, { __proto__: null, tag, isInstance, serialise, deserialise });
};

// Called by the host for an object that it would write as an ordinary one. Gives undefined if it is one, or
// [tag, value] to write in its place; throws a DataCloneError for an instance of another platform class.
cloning.serialise = (value) => {
  let at = ReflectGetPrototypeOf(value);
  while (at !== null && at !== ObjectPrototype && webidl.interfaceOfPrototype(at) === undefined) {
    at = ReflectGetPrototypeOf(at);
  }
  if (at === null || at === ObjectPrototype) return undefined;
  for (let i = 0; i < registered.length; i++) {
    const kind = registered[i];
    if (kind.isInstance(value)) return [kind.tag, kind.serialise(value)];
  }
  const { name } = webidl.interfaceOfPrototype(at);
  throw internals.domException(`${name} object could not be cloned.`, "DataCloneError");
};

cloning.deserialise = (tag, value) => {
  for (let i = 0; i < registered.length; i++) {
    if (registered[i].tag === tag) return registered[i].deserialise(value);
  }
  throw internals.domException(`no platform class is called '${tag}'`, "DataCloneError");
};

cloning.register(
  "DOMException",
  internals.isDOMException,
  (error) => ({ __proto__: null, name: error.name, message: error.message, stack: error.stack }),
  (parts) => internals.reviveDOMException(parts.message, parts.name, parts.stack),
);

const StructuredSerializeOptions = webidl.dictionary("StructuredSerializeOptions", [
  { key: "transfer", converter: webidl.sequence(object), defaultValue: () => [] },
]);

// A copy of a value of the platform's own making, without transfer.
cloning.clone = (value) => {
  if (!webidl.isObject(value) && typeof value !== "symbol") return value;
  // A DOMException is an Error to V8, which would copy it as one.
  if (internals.isDOMException(value)) {
    const parts = cloning.serialise(value);
    return cloning.deserialise(parts[0], parts[1]);
  }
  return native.structuredClone(value, []);
};

webidl.exposeOperations({
  __proto__: null,
  structuredClone(value, options = undefined) {
    const prefix = "Failed to execute 'structuredClone'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    const { transfer } = StructuredSerializeOptions(options, prefix, "Argument 2");
    return transfer.length === 0 ? cloning.clone(value) : native.structuredClone(value, transfer);
  },
});
