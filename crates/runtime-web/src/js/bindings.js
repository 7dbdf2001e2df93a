// Bindings of `env`: objects whose methods are calls of the host's.
//
// `internals.makeBinding(name, methods)` makes one.

const { PromiseReject, defineValue } = internals.prim;

internals.makeBinding = (name, methods) => {
  const binding = {};
  for (let i = 0; i < methods.length; i++) {
    const method = methods[i];
    // A call that the host cannot even begin is a rejection as well: callers catch in one way only.
    const functions = {
      [method](...args) {
        try {
          return native.bindingCall(name, method, args);
        } catch (error) {
          return PromiseReject(error);
        }
      },
    };
    defineValue(binding, method, functions[method]);
  }
  return binding;
};
