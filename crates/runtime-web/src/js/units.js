// Units: parts of the platform whose top level runs only when something of theirs is used for the first time, so that a
// context costs what its guest uses. `units.txt` says which files a unit has, which globals it gives, and which members
// of `internals` it publishes; `native.unit` knows it, and `native.unitFile` gives a file as a function.
//
// - Reading a member of `internals` that a unit publishes loads the unit. At the head of a file that is a dependency;
//   inside of a function, a use.
// - A global of a unit's is a property that looks like any other; the first use of it loads the unit.
// - `internals.ifLoaded(member)`: the member, or undefined as long as nobody has used it.
//
// A unit may be loaded when guest code has run, with a full stack, or for the second time, if the first has failed. So
// its top level uses nothing that a guest can change, and does nothing but to publish.

const {
  ObjectHasOwn, ObjectSetPrototypeOf, Proxy, RangeError, ReflectApply, ReflectDeleteProperty, defineValue, isolate,
} = internals.prim;
const { global } = internals;

// Which units have been loaded, or are being loaded, by their numbers.
const begun = { __proto__: null };
// What the globals of units are.
const values = { __proto__: null };

// Of what native.unit(number) gives.
const NAME = 0;
const GLOBALS = 1;
const MEMBERS = 2;
const FIRST_FILE = 3;
const END_OF_FILES = 4;

const missingOf = (unit) => {
  const globals = unit[GLOBALS];
  const members = unit[MEMBERS];
  for (let i = 0; i < members.length; i++) {
    if (!ObjectHasOwn(internals, members[i])) return members[i];
  }
  for (let i = 0; i < globals.length; i++) {
    if (values[globals[i]] === undefined) return globals[i];
  }
  return undefined;
};

// Nothing of a unit that was loaded in part may be used.
const forget = (unit) => {
  const globals = unit[GLOBALS];
  const members = unit[MEMBERS];
  for (let i = 0; i < members.length; i++) ReflectDeleteProperty(internals, members[i]);
  for (let i = 0; i < globals.length; i++) values[globals[i]] = undefined;
};

const load = (number) => {
  if (begun[number]) return;
  const unit = native.unit(number);
  begun[number] = true;
  try {
    const end = unit[END_OF_FILES];
    for (let file = unit[FIRST_FILE]; file < end; file++) {
      ReflectApply(native.unitFile(file), undefined, [native, internals]);
    }
    const missing = missingOf(unit);
    if (missing !== undefined) throw new RangeError(`the unit ${unit[NAME]} does not give ${missing}`);
  } catch (error) {
    begun[number] = false;
    forget(unit);
    throw error;
  }
};

const own = (member) => (ObjectHasOwn(internals, member) ? internals[member] : undefined);

// The prototype of an object whose missing members are made when one is asked for: `find(name)` gives one.
class Missing {
  constructor(find) {
    this.find = find;
  }

  get(_target, name) {
    return this.find(name);
  }
}
isolate(Missing);
const nothing = ObjectSetPrototypeOf({}, null);
const findMissing = (object, find) => ObjectSetPrototypeOf(object, new Proxy(nothing, new Missing(find)));

findMissing(internals, (member) => {
  const number = native.unitOfMember(member);
  if (number === undefined) return undefined;
  load(number);
  // While a unit is being loaded, what it has not published yet is undefined.
  return own(member);
});

internals.ifLoaded = own;

// Gives a namespace of the core's the members of one that a unit publishes as `member`, each when it is first asked for.
internals.extend = (namespace, member) => {
  findMissing(namespace, (name) => {
    const value = internals[member][name];
    if (value !== undefined) namespace[name] = value;
    return value;
  });
};

// A native that only units use is made when one first does.
findMissing(native, (name) => {
  const made = native.make(name);
  if (made !== undefined) defineValue(native, name, made);
  return made;
});

// Defines a global, or keeps the value of one of a unit's for its first use.
internals.provide = (name, value, enumerable) => {
  if (native.unitOfGlobal(name) === undefined) defineValue(global, name, value, enumerable);
  else values[name] = value;
};

// Called by the core when a guest uses a global for the first time.
internals.unitGlobal = (name) => {
  load(native.unitOfGlobal(name));
  return values[name];
};
