// FileReader, FileReaderSync, FileList and ProgressEvent, as the File API and XMLHttpRequest define them. The bytes of a
// blob are there already, so that a read takes no time; its events come as tasks of their own all the same.
//
// A read of an earlier request is given up.

const {
  List, MathMin, StringFromCharCode, TypedArrayPrototypeGetBuffer, TypedArrayPrototypeGetByteLength,
} = internals.prim;
const { Event, EventTarget, blobs, events, requestEpoch, webidl } = internals;
const { DOMString, boolean, double, unsignedLong } = webidl.converters;

// --- ProgressEvent -------------------------------------------------------------------------------------

const ProgressEventInit = webidl.dictionary("ProgressEventInit", [
  { key: "lengthComputable", converter: boolean, defaultValue: () => false },
  { key: "loaded", converter: double, defaultValue: () => 0 },
  { key: "total", converter: double, defaultValue: () => 0 },
]);

class ProgressEvent extends Event {
  #lengthComputable;
  #loaded;
  #total;
  constructor(type, eventInitDict = undefined) {
    const prefix = "Failed to construct 'ProgressEvent'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    super(type, eventInitDict);
    const init = ProgressEventInit(eventInitDict, prefix, "Argument 2");
    this.#lengthComputable = init.lengthComputable;
    this.#loaded = init.loaded;
    this.#total = init.total;
  }
  get lengthComputable() { return this.#lengthComputable; }
  get loaded() { return this.#loaded; }
  get total() { return this.#total; }
}
webidl.exposeInterface(ProgressEvent);

// --- Packaging data ------------------------------------------------------------------------------------

const toBuffer = (bytes) => TypedArrayPrototypeGetBuffer(webidl.copyOfBytes(bytes));

// At most so many characters are added to a string at a time.
const PIECE = 8192;

const toBinaryString = (bytes) => {
  const length = TypedArrayPrototypeGetByteLength(bytes);
  let text = "";
  for (let start = 0; start < length; start += PIECE) {
    let piece = "";
    const end = MathMin(start + PIECE, length);
    for (let i = start; i < end; i++) piece += StringFromCharCode(bytes[i]);
    text += piece;
  }
  return text;
};

const toDataUrl = (bytes, type) =>
  `data:${type === "" ? "application/octet-stream" : type};base64,${native.btoa(toBinaryString(bytes))}`;

const encodingByMark = (bytes) => {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return "utf-8";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return undefined;
};

// The encoding is the argument's, else that of the blob's type, else UTF-8; a byte order mark goes before all.
const toText = (bytes, type, label) => {
  let name = label === undefined ? undefined : native.encodingName(label);
  if (name === undefined && type !== "") {
    const { mime } = internals;
    const parsed = mime.parse(type);
    const charset = parsed === null ? undefined : mime.parameter(parsed, "charset");
    if (charset !== undefined) name = native.encodingName(charset);
  }
  name = encodingByMark(bytes) ?? name ?? "utf-8";
  return internals.decodeAll(name === "replacement" ? "utf-8" : name, bytes);
};

const blobArgument = webidl.interfaceType("Blob", blobs.isBlob);

// --- FileReader ----------------------------------------------------------------------------------------

const EMPTY = 0;
const LOADING = 1;
const DONE = 2;

class FileReader extends EventTarget {
  #state = EMPTY;
  #result = null;
  #error = null;
  // Changes when what is under way is given up.
  #reading = 0;

  constructor() { super(); }

  get readyState() { return this.#state; }
  get result() { return this.#result; }
  get error() { return this.#error; }

  readAsArrayBuffer(blob) {
    this.#read(arguments.length, "readAsArrayBuffer", blob, toBuffer);
  }
  readAsBinaryString(blob) {
    this.#read(arguments.length, "readAsBinaryString", blob, toBinaryString);
  }
  readAsText(blob, encoding = undefined) {
    this.#state;
    const prefix = "Failed to execute 'readAsText' on 'FileReader'";
    if (encoding !== undefined) encoding = DOMString(encoding, prefix, "Argument 2");
    this.#read(arguments.length, "readAsText", blob, (bytes, type) => toText(bytes, type, encoding));
  }
  readAsDataURL(blob) {
    this.#read(arguments.length, "readAsDataURL", blob, toDataUrl);
  }

  abort() {
    if (this.#state !== LOADING) {
      this.#result = null;
      return;
    }
    this.#state = DONE;
    this.#result = null;
    this.#reading += 1;
    this.#fire("abort", 0, 0);
    if (this.#state !== LOADING) this.#fire("loadend", 0, 0);
  }

  #read(present, method, blob, convert) {
    const prefix = `Failed to execute '${method}' on 'FileReader'`;
    this.#state;
    webidl.requiredArguments(present, 1, prefix);
    blobArgument(blob, prefix, "Argument 1");
    if (this.#state === LOADING) {
      throw internals.domException(`${prefix}: the reader reads already`, "InvalidStateError");
    }
    this.#state = LOADING;
    this.#result = null;
    this.#error = null;
    const reading = ++this.#reading;
    const epoch = requestEpoch.value;
    const bytes = blobs.bytesOf(blob);
    const type = blobs.typeOf(blob);
    const size = TypedArrayPrototypeGetByteLength(bytes);
    const goesOn = () => reading === this.#reading && epoch === requestEpoch.value;
    const finish = () => {
      if (!goesOn()) return;
      this.#state = DONE;
      let outcome = "load";
      try {
        this.#result = convert(bytes, type);
      } catch {
        // The result is larger than the guest may have.
        this.#error = internals.domException("the file could not be read", "NotReadableError");
        outcome = "error";
      }
      this.#fire(outcome, size, size);
      // By then the promises are through that the listeners have settled, as they would be if no script were running.
      timers.start(() => {
        if (goesOn()) this.#fire("loadend", size, size);
      }, 0);
    };
    const { timers } = internals;
    timers.start(() => {
      if (goesOn()) this.#fire("loadstart", 0, size);
      timers.start(() => {
        if (size > 0 && goesOn()) this.#fire("progress", size, size);
        timers.start(finish, 0);
      }, 0);
    }, 0);
  }

  #fire(type, loaded, total) {
    events.dispatch(this, new ProgressEvent(type, {
      __proto__: null, bubbles: false, cancelable: false, composed: false, lengthComputable: type !== "abort", loaded,
      total,
    }));
  }
}
const handlers = ["loadstart", "progress", "load", "abort", "error", "loadend"];
for (let i = 0; i < handlers.length; i++) events.defineHandler(FileReader.prototype, `on${handlers[i]}`, handlers[i]);
webidl.exposeInterface(FileReader, "FileReader", {
  __proto__: null, constants: { __proto__: null, EMPTY, LOADING, DONE },
});

// --- FileReaderSync ------------------------------------------------------------------------------------

class FileReaderSync {
  #brand;
  constructor() {}

  readAsArrayBuffer(blob) {
    return this.#read(arguments.length, "readAsArrayBuffer", blob, toBuffer);
  }
  readAsBinaryString(blob) {
    return this.#read(arguments.length, "readAsBinaryString", blob, toBinaryString);
  }
  readAsText(blob, encoding = undefined) {
    this.#brand;
    const prefix = "Failed to execute 'readAsText' on 'FileReaderSync'";
    if (encoding !== undefined) encoding = DOMString(encoding, prefix, "Argument 2");
    return this.#read(arguments.length, "readAsText", blob, (bytes, type) => toText(bytes, type, encoding));
  }
  readAsDataURL(blob) {
    return this.#read(arguments.length, "readAsDataURL", blob, toDataUrl);
  }

  #read(present, method, blob, convert) {
    const prefix = `Failed to execute '${method}' on 'FileReaderSync'`;
    webidl.requiredArguments(present, 1, prefix);
    blobArgument(blob, prefix, "Argument 1");
    return convert(blobs.bytesOf(blob), blobs.typeOf(blob));
  }
}
webidl.exposeInterface(FileReaderSync);

// --- FileList ------------------------------------------------------------------------------------------

// Only a page's form controls make one.
class FileList {
  #files = new List();
  constructor(key = undefined) { webidl.checkIllegal(key); }
  item(index) {
    const files = this.#files;
    const prefix = "Failed to execute 'item' on 'FileList'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    return files[unsignedLong(index, prefix, "Argument 1")] ?? null;
  }
  get length() { return this.#files.length; }
}
webidl.exposeInterface(FileList);
