// What a function of the platform is as text. Its source is nobody's business, and programs ask for `[native code]` to
// tell what comes with the platform from what was put in its place. The text of all other functions is the language's
// business.

const { FunctionPrototype, FunctionPrototypeToString, defineValue, ownDescriptor } = internals.prim;

// A platform's function has its name as any other: it is an own property, which can be replaced.
const nameOf = (platformFunction) => {
  const value = ownDescriptor(platformFunction, "name")?.value;
  return typeof value === "string" ? value : "";
};

const methods = {
  toString() {
    return native.isOfPlatform(this) ? `function ${nameOf(this)}() { [native code] }` : FunctionPrototypeToString(this);
  },
};
defineValue(FunctionPrototype, "toString", methods.toString, false);
