// Units: parts of the platform whose top level runs only when something of theirs is used for the first time, so that a
// context costs what its guest uses. `units.txt` says which files a unit has, which globals it gives, and which members
// of `internals` it publishes; the core registers each, with its files as functions.
//
// - Reading a member of `internals` that a unit publishes loads the unit. At the head of a file that is a dependency;
//   inside of a function, a use.
// - A global of a unit's is a property that looks like any other; the first use of it loads the unit.
// - `internals.ifLoaded(member)`: the member, or undefined as long as nobody has used it.
//
// A unit may be loaded when guest code has run, with a full stack, or for the second time, if the first has failed. So
// its top level uses nothing that a guest can change, and does nothing but to publish.

const {
  ObjectHasOwn, ObjectSetPrototypeOf, Proxy, RangeError, ReflectApply, ReflectDeleteProperty, defineValue,
} = internals.prim;
const { global } = internals;

const unitOfMember = { __proto__: null };
const unitOfGlobal = { __proto__: null };
const names = { __proto__: null };
// What the globals of units are.
const values = { __proto__: null };

const isMissing = (unit) => {
  for (let i = 0; i < unit.members.length; i++) {
    if (!ObjectHasOwn(internals, unit.members[i])) return unit.members[i];
  }
  for (let i = 0; i < unit.globals.length; i++) {
    if (values[unit.globals[i]] === undefined) return unit.globals[i];
  }
  return undefined;
};

// Nothing of a unit that was loaded in part may be used.
const forget = (unit) => {
  for (let i = 0; i < unit.members.length; i++) ReflectDeleteProperty(internals, unit.members[i]);
  for (let i = 0; i < unit.globals.length; i++) values[unit.globals[i]] = undefined;
};

const load = (unit) => {
  if (unit.files === undefined || unit.isLoading) return;
  unit.isLoading = true;
  try {
    for (let i = 0; i < unit.files.length; i++) ReflectApply(unit.files[i], undefined, [native, internals]);
    const missing = isMissing(unit);
    if (missing !== undefined) throw new RangeError(`the unit ${unit.name} does not give ${missing}`);
    unit.files = undefined;
  } catch (error) {
    forget(unit);
    throw error;
  } finally {
    unit.isLoading = false;
  }
};

const own = (member) => (ObjectHasOwn(internals, member) ? internals[member] : undefined);

ObjectSetPrototypeOf(internals, new Proxy({ __proto__: null }, {
  __proto__: null,
  get(_target, member) {
    const unit = unitOfMember[member];
    if (unit === undefined) return undefined;
    load(unit);
    // While a unit is being loaded, what it has not published yet is undefined.
    return own(member);
  },
}));

internals.ifLoaded = own;

// Defines a global, or keeps the value of one of a unit's for its first use.
internals.provide = (name, value, enumerable) => {
  if (unitOfGlobal[name] === undefined) defineValue(global, name, value, enumerable);
  else values[name] = value;
};

// Called by the core for each unit, with arrays of names and of functions.
internals.registerUnit = (name, globals, members, files) => {
  const unit = { __proto__: null, name, globals, members, files, isLoading: false };
  for (let i = 0; i < globals.length; i++) unitOfGlobal[globals[i]] = unit;
  for (let i = 0; i < members.length; i++) unitOfMember[members[i]] = unit;
  names[name] = unit;
};

// Called by the core when a guest uses a global for the first time.
internals.unitGlobal = (name) => {
  load(unitOfGlobal[name]);
  return values[name];
};

// Called by the core while a snapshot is made, in a context that is thrown away, so that no top level has to be
// compiled at its first use.
internals.loadUnits = () => {
  for (const name in names) load(names[name]);
};
