// DOMException, as WebIDL defines it: a real Error object with a name, a legacy code and a stack. The platform
// throws it through `internals.domException(message, name)`; nothing here decides when.

const {
  Error, ErrorCaptureStackTrace, ErrorPrototype, ObjectSetPrototypeOf, ReflectDefineProperty, ReflectDeleteProperty,
} = internals.prim;
const { webidl } = internals;
const { DOMString } = webidl.converters;

const legacyCodes = {
  __proto__: null,
  IndexSizeError: 1,
  HierarchyRequestError: 3,
  WrongDocumentError: 4,
  InvalidCharacterError: 5,
  NoModificationAllowedError: 7,
  NotFoundError: 8,
  NotSupportedError: 9,
  InUseAttributeError: 10,
  InvalidStateError: 11,
  SyntaxError: 12,
  InvalidModificationError: 13,
  NamespaceError: 14,
  InvalidAccessError: 15,
  TypeMismatchError: 17,
  SecurityError: 18,
  NetworkError: 19,
  AbortError: 20,
  URLMismatchError: 21,
  QuotaExceededError: 22,
  TimeoutError: 23,
  InvalidNodeTypeError: 24,
  DataCloneError: 25,
};

// Gives an existing object the private state of a DOMException: the object is an Error that the language made,
// so that it has what only real errors have.
class Same {
  constructor(object) {
    return object;
  }
}
class State extends Same {
  #message;
  #name;
  constructor(error, message, name) {
    super(error);
    this.#message = message;
    this.#name = name;
  }
  static message(error) { return error.#message; }
  static name(error) { return error.#name; }
  static isInstance(value) { return webidl.isObject(value) && #name in value; }
}

const prefix = "Failed to construct 'DOMException'";

class DOMException {
  constructor(message = "", name = "Error") {
    message = DOMString(message, prefix, "Argument 1");
    name = DOMString(name, prefix, "Argument 2");
    // V8 remembers the message for the stack's first line; as a property it is a getter of the prototype.
    const error = new Error(message);
    ReflectDeleteProperty(error, "message");
    const prototype = new.target.prototype;
    ObjectSetPrototypeOf(error, webidl.isObject(prototype) ? prototype : DOMException.prototype);
    new State(error, message, name);
    // The stack's first line also has the name, which the object has only now.
    ErrorCaptureStackTrace(error, DOMException);
    return error;
  }

  get name() { return State.name(this); }
  get message() { return State.message(this); }
  get code() { return legacyCodes[State.name(this)] ?? 0; }
}

ObjectSetPrototypeOf(DOMException.prototype, ErrorPrototype);
webidl.exposeInterface(DOMException, "DOMException", {
  __proto__: null,
  constants: {
    __proto__: null,
    INDEX_SIZE_ERR: 1,
    DOMSTRING_SIZE_ERR: 2,
    HIERARCHY_REQUEST_ERR: 3,
    WRONG_DOCUMENT_ERR: 4,
    INVALID_CHARACTER_ERR: 5,
    NO_DATA_ALLOWED_ERR: 6,
    NO_MODIFICATION_ALLOWED_ERR: 7,
    NOT_FOUND_ERR: 8,
    NOT_SUPPORTED_ERR: 9,
    INUSE_ATTRIBUTE_ERR: 10,
    INVALID_STATE_ERR: 11,
    SYNTAX_ERR: 12,
    INVALID_MODIFICATION_ERR: 13,
    NAMESPACE_ERR: 14,
    INVALID_ACCESS_ERR: 15,
    VALIDATION_ERR: 16,
    TYPE_MISMATCH_ERR: 17,
    SECURITY_ERR: 18,
    NETWORK_ERR: 19,
    ABORT_ERR: 20,
    URL_MISMATCH_ERR: 21,
    QUOTA_EXCEEDED_ERR: 22,
    TIMEOUT_ERR: 23,
    INVALID_NODE_TYPE_ERR: 24,
    DATA_CLONE_ERR: 25,
  },
});

internals.DOMException = DOMException;
internals.domException = (message, name) => new DOMException(message, name);
internals.describeDomException = (value) => {
  if (!State.isInstance(value)) return undefined;
  const message = State.message(value);
  return message === "" ? State.name(value) : `${State.name(value)}: ${message}`;
};

// Structured cloning keeps the stack of the original.
const revive = ({ message, name, stack }) => {
  const error = new DOMException(message, name);
  if (typeof stack === "string") {
    ReflectDefineProperty(error, "stack", {
      __proto__: null, value: stack, writable: true, enumerable: false, configurable: true,
    });
  }
  return error;
};

// What is derived from DOMException has more to be kept, and says so itself.
const isPlain = (value) => State.isInstance(value) && internals.ifLoaded("isWebSocketError")?.(value) !== true;
webidl.serialisable(
  isPlain,
  (error) => ({ __proto__: null, name: State.name(error), message: State.message(error), stack: error.stack }),
  revive,
);
