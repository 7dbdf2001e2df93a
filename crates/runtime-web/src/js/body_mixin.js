// The Body mixin of Fetch: body, bodyUsed and the methods that read a body to its end, for Request and Response.
//
// `internals.bodies.mixin(constructor, name, partsOf)`: partsOf(object) does the brand check and gives
// { body, list }, the body being a Body of body.js or null. What the methods do is in body_reading.js.

const { ReflectDefineProperty, ownDescriptor } = internals.prim;
const { bodies } = internals;

bodies.mixin = (constructor, name, partsOf) => {
  const members = {
    get body() {
      const { body } = partsOf(this);
      return body === null ? null : body.asStream().object();
    },
    get bodyUsed() {
      const { body } = partsOf(this);
      return body !== null && body.used;
    },
    arrayBuffer() { return internals.bodyReading.read(partsOf, this, "arrayBuffer", name); },
    blob() { return internals.bodyReading.read(partsOf, this, "blob", name); },
    bytes() { return internals.bodyReading.read(partsOf, this, "bytes", name); },
    formData() { return internals.bodyReading.read(partsOf, this, "formData", name); },
    json() { return internals.bodyReading.read(partsOf, this, "json", name); },
    text() { return internals.bodyReading.read(partsOf, this, "text", name); },
  };
  const keys = ["body", "bodyUsed", "arrayBuffer", "blob", "bytes", "formData", "json", "text"];
  for (let i = 0; i < keys.length; i++) {
    ReflectDefineProperty(constructor.prototype, keys[i], ownDescriptor(members, keys[i]));
  }
};
