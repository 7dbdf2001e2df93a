// The syntax of URL patterns, as the URL Pattern specification defines it: from the text of one component to tokens, from
// tokens to parts, from parts to a regular expression and to the text in its canonical form. Which components a pattern
// has, and how a text becomes what a URL would have in that place, is not known here.
//
// All of it runs in the guest's heap and under the guest's limits, and so does the regular expression: what a pattern
// costs, its maker pays.
//
// For other files, in `internals.urlPatternSyntax`: `tokenize(input, lenient)` gives a list of `{ kind, start, text }`
// whose kinds are the members of `kinds`; `compile(input, encode, options)` gives a component, `match(component, text)` the
// captured groups or null, `escape(text)` the text as a pattern that matches it, `compare(left, right)` which of two
// components is the more specific one, and `generate(component, values)` a text that a component matches, of values by
// name. Options are `{ delimiter, prefix, ignoreCase }`; whatever is wrong with a pattern is a TypeError.

const {
  List, ObjectSetPrototypeOf, RegExp, RegExpPrototypeExec, Set, SetPrototypeAdd, SetPrototypeHas, String, StringPrototypeCharCodeAt,
  StringPrototypeCodePointAt, StringPrototypeIncludes, StringPrototypeSlice, TypeError,
} = internals.prim;

const syntax = { __proto__: null };
internals.urlPatternSyntax = syntax;

// --- Tokens --------------------------------------------------------------------------------------------

const OPEN = 0;
const CLOSE = 1;
const REGEXP = 2;
const NAME = 3;
const CHAR = 4;
const ESCAPED = 5;
const MODIFIER = 6;
const ASTERISK = 7;
const END = 8;
const INVALID = 9;
syntax.kinds = { __proto__: null, OPEN, CLOSE, REGEXP, NAME, CHAR, ESCAPED, ASTERISK, END, INVALID };

const nameStart = /^[$_\p{ID_Start}]/u;
const namePart = /^[$\u200c\u200d\p{ID_Continue}]/u;

const isNamePart = (character) => RegExpPrototypeExec(namePart, character) !== null;

// The character at a place, which may be two code units.
const characterAt = (input, at) =>
  StringPrototypeSlice(input, at, at + (StringPrototypeCodePointAt(input, at) > 0xffff ? 2 : 1));

const isAscii = (input, at) => StringPrototypeCharCodeAt(input, at) < 0x80;

// Where the name that begins here ends.
const endOfName = (input, start) => {
  let at = start;
  while (at < input.length) {
    const character = characterAt(input, at);
    if (RegExpPrototypeExec(at === start ? nameStart : namePart, character) === null) break;
    at += character.length;
  }
  return at;
};

// Where the regular expression that begins here, after its parenthesis, ends, its closing parenthesis included; or a
// string that says what is wrong with it.
const endOfRegExp = (input, start) => {
  let depth = 1;
  let at = start;
  while (at < input.length) {
    if (!isAscii(input, at)) return "a regular expression in it is not ASCII";
    const character = input[at];
    if (at === start && character === "?") return "a regular expression in it begins with '?'";
    at += 1;
    if (character === "\\") {
      if (at === input.length) return "a regular expression in it ends in a backslash";
      if (!isAscii(input, at)) return "a regular expression in it is not ASCII";
      at += 1;
    } else if (character === ")") {
      depth -= 1;
      if (depth === 0) return at === start + 1 ? "a regular expression in it is empty" : at;
    } else if (character === "(") {
      depth += 1;
      if (input[at] !== "?") return "a regular expression in it has a capturing group";
    }
  }
  return "a parenthesis in it is not closed";
};

class Tokenizer {
  constructor(input, lenient) {
    this.input = input;
    this.lenient = lenient;
    this.at = 0;
    this.tokens = new List();
  }

  // A token from here to `next`, whose text is what lies between the two other places.
  add(kind, next, from = this.at, to = next) {
    this.tokens.push({ __proto__: null, kind, start: this.at, text: StringPrototypeSlice(this.input, from, to) });
    this.at = next;
  }

  fail(next, what) {
    if (!this.lenient) throw new TypeError(`the pattern '${this.input}' is not valid: ${what}`);
    this.add(INVALID, next);
  }

  step() {
    const { input, at } = this;
    const next = at + 1;
    switch (input[at]) {
      case "*": return this.add(ASTERISK, next);
      case "+":
      case "?": return this.add(MODIFIER, next);
      case "{": return this.add(OPEN, next);
      case "}": return this.add(CLOSE, next);
      case "\\":
        if (next === input.length) return this.fail(next, "it ends in a backslash");
        return this.add(ESCAPED, next + characterAt(input, next).length, next);
      case ":": {
        const end = endOfName(input, next);
        return end === next ? this.fail(next, "a ':' in it has no name") : this.add(NAME, end, next);
      }
      case "(": {
        const end = endOfRegExp(input, next);
        return typeof end === "string" ? this.fail(next, end) : this.add(REGEXP, end, next, end - 1);
      }
      default:
        return this.add(CHAR, at + characterAt(input, at).length);
    }
  }
}

// These classes are off Object.prototype, where a guest may have put setters.
ObjectSetPrototypeOf(Tokenizer.prototype, null);

syntax.tokenize = (input, lenient) => {
  const tokenizer = new Tokenizer(input, lenient);
  while (tokenizer.at < input.length) tokenizer.step();
  tokenizer.add(END, tokenizer.at);
  return tokenizer.tokens;
};

// --- Parts ---------------------------------------------------------------------------------------------

const FIXED_TEXT = 0;
const CUSTOM = 1;
const SEGMENT_WILDCARD = 2;
const FULL_WILDCARD = 3;

const fullWildcard = ".*";

const escapeWith = (special, text) => {
  let escaped = "";
  for (let i = 0; i < text.length; i++) {
    escaped += StringPrototypeIncludes(special, text[i]) ? `\\${text[i]}` : text[i];
  }
  return escaped;
};

const escapeForRegExp = (text) => escapeWith(".+*?^${}()[]|/\\", text);

syntax.escape = (text) => escapeWith("+*?:{}()\\", text);

const segmentWildcard = (options) => `[^${escapeForRegExp(options.delimiter)}]+?`;

class PartParser {
  constructor(input, encode, options) {
    this.input = input;
    this.encode = encode;
    this.tokens = syntax.tokenize(input, false);
    this.index = 0;
    this.options = options;
    this.segment = segmentWildcard(options);
    this.parts = new List();
    this.names = new Set();
    this.fixed = "";
    this.nextNumber = 0;
  }

  take(kind) {
    const token = this.tokens[this.index];
    if (token === undefined || token.kind !== kind) return undefined;
    this.index += 1;
    return token;
  }

  takeRegExpOrWildcard(name) {
    return this.take(REGEXP) ?? (name === undefined ? this.take(ASTERISK) : undefined);
  }

  takeModifier() {
    return (this.take(MODIFIER) ?? this.take(ASTERISK))?.text ?? "";
  }

  takeText() {
    let text = "";
    for (;;) {
      const token = this.take(CHAR) ?? this.take(ESCAPED);
      if (token === undefined) return text;
      text += token.text;
    }
  }

  require(kind) {
    if (this.take(kind) !== undefined) return;
    const found = this.tokens[this.index];
    const what = found === undefined || found.kind === END ? "it ends too early" : `'${found.text}' is out of place`;
    throw new TypeError(`the pattern '${this.input}' is not valid: ${what}`);
  }

  push(kind, value, modifier, name = "", prefix = "", suffix = "") {
    this.parts.push({ __proto__: null, kind, value, modifier, name, prefix, suffix });
  }

  pushFixed() {
    const text = this.fixed;
    this.fixed = "";
    if (text !== "") this.push(FIXED_TEXT, this.encode(text), "");
  }

  nameOf(token) {
    const name = token === undefined ? String(this.nextNumber++) : token.text;
    if (SetPrototypeHas(this.names, name)) {
      throw new TypeError(`the pattern '${this.input}' is not valid: the name '${name}' is in it twice`);
    }
    SetPrototypeAdd(this.names, name);
    return name;
  }

  add(prefix, name, wanted, suffix, modifier) {
    if (name === undefined && wanted === undefined) {
      if (modifier === "") {
        this.fixed += prefix;
        return;
      }
      this.pushFixed();
      if (prefix !== "") this.push(FIXED_TEXT, this.encode(prefix), modifier);
      return;
    }
    this.pushFixed();
    let value = this.segment;
    if (wanted !== undefined) value = wanted.kind === ASTERISK ? fullWildcard : wanted.text;
    let kind = CUSTOM;
    if (value === this.segment) kind = SEGMENT_WILDCARD;
    else if (value === fullWildcard) kind = FULL_WILDCARD;
    if (kind !== CUSTOM) value = "";
    this.push(kind, value, modifier, this.nameOf(name), this.encode(prefix), this.encode(suffix));
  }

  step() {
    const character = this.take(CHAR);
    const name = this.take(NAME);
    const wanted = this.takeRegExpOrWildcard(name);
    if (name !== undefined || wanted !== undefined) {
      let prefix = character === undefined ? "" : character.text;
      if (prefix !== this.options.prefix) {
        this.fixed += prefix;
        prefix = "";
      }
      this.pushFixed();
      this.add(prefix, name, wanted, "", this.takeModifier());
      return;
    }
    const fixed = character ?? this.take(ESCAPED);
    if (fixed !== undefined) {
      this.fixed += fixed.text;
    } else if (this.take(OPEN) !== undefined) {
      const prefix = this.takeText();
      const inner = this.take(NAME);
      const innerWanted = this.takeRegExpOrWildcard(inner);
      const suffix = this.takeText();
      this.require(CLOSE);
      this.add(prefix, inner, innerWanted, suffix, this.takeModifier());
    } else {
      this.pushFixed();
      this.require(END);
    }
  }
}

ObjectSetPrototypeOf(PartParser.prototype, null);

const parse = (input, encode, options) => {
  const parser = new PartParser(input, encode, options);
  while (parser.index < parser.tokens.length) parser.step();
  return parser.parts;
};

// --- From parts to a regular expression, and back to a pattern -----------------------------------------

const regExpOfPart = (part, options) => {
  const { modifier } = part;
  if (part.kind === FIXED_TEXT) {
    const text = escapeForRegExp(part.value);
    return modifier === "" ? text : `(?:${text})${modifier}`;
  }
  let value = part.value;
  if (part.kind === SEGMENT_WILDCARD) value = segmentWildcard(options);
  else if (part.kind === FULL_WILDCARD) value = fullWildcard;
  const repeats = modifier === "*" || modifier === "+";
  if (part.prefix === "" && part.suffix === "") {
    return repeats ? `((?:${value})${modifier})` : `(${value})${modifier}`;
  }
  const prefix = escapeForRegExp(part.prefix);
  const suffix = escapeForRegExp(part.suffix);
  if (!repeats) return `(?:${prefix}(${value})${suffix})${modifier}`;
  const optional = modifier === "*" ? "?" : "";
  return `(?:${prefix}((?:${value})(?:${suffix}${prefix}(?:${value}))*)${suffix})${optional}`;
};

const isDigit = (character) => character >= "0" && character <= "9";

// Whether the part would run into its neighbours, or they into it, were it not for braces.
const needsBraces = (part, previous, next, isNamed, options) => {
  if (part.suffix !== "" || (part.prefix !== "" && part.prefix !== options.prefix)) return true;
  if (isNamed && part.kind === SEGMENT_WILDCARD && part.modifier === "" && next !== undefined &&
      next.prefix === "" && next.suffix === "") {
    const runsOn = next.kind === FIXED_TEXT ? isNamePart(next.value) : isDigit(next.name[0]);
    if (runsOn) return true;
  }
  return part.prefix === "" && previous !== undefined && previous.kind === FIXED_TEXT && options.prefix !== "" &&
    previous.value[previous.value.length - 1] === options.prefix;
};

const patternOfPart = (part, previous, next, options) => {
  if (part.kind === FIXED_TEXT) {
    const text = syntax.escape(part.value);
    return part.modifier === "" ? text : `{${text}}${part.modifier}`;
  }
  const isNamed = !isDigit(part.name[0]);
  const braces = needsBraces(part, previous, next, isNamed, options);
  let text = syntax.escape(part.prefix);
  if (isNamed) text += `:${part.name}`;
  if (part.kind === CUSTOM) {
    text += `(${part.value})`;
  } else if (part.kind === SEGMENT_WILDCARD) {
    if (!isNamed) text += `(${segmentWildcard(options)})`;
    else if (part.suffix !== "" && isNamePart(part.suffix)) text += "\\";
  } else {
    const isFree = previous === undefined || previous.kind === FIXED_TEXT || previous.modifier !== "" || braces ||
      part.prefix !== "";
    text += !isNamed && isFree ? "*" : `(${fullWildcard})`;
  }
  text += syntax.escape(part.suffix);
  return (braces ? `{${text}}` : text) + part.modifier;
};

const isPlain = (part) => part.modifier === "" && part.prefix === "" && part.suffix === "";

// A component: the pattern in its canonical form, the names of its groups, and how to match it. `literal` is the one text
// that it matches, `matchesAll` says that it is a single wildcard; only otherwise is there a regular expression.
class Component {
  constructor(parts, encode, options) {
    this.parts = parts;
    this.encode = encode;
    this.delimiter = options.delimiter;
    this.pattern = "";
    this.names = new List();
    this.hasRegExpGroups = false;
    this.literal = undefined;
    this.matchesAll = false;
    this.regExp = undefined;
    let source = "^";
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      this.pattern += patternOfPart(part, i === 0 ? undefined : parts[i - 1], parts[i + 1], options);
      if (part.kind === CUSTOM) this.hasRegExpGroups = true;
      if (part.kind !== FIXED_TEXT) this.names.push(part.name);
      source += regExpOfPart(part, options);
    }
    if (parts.length === 0) {
      this.literal = "";
    } else if (parts.length === 1 && isPlain(parts[0]) && parts[0].kind === FIXED_TEXT && !options.ignoreCase) {
      this.literal = parts[0].value;
    } else if (parts.length === 1 && isPlain(parts[0]) && parts[0].kind === FULL_WILDCARD) {
      this.matchesAll = true;
    } else {
      this.regExp = compileRegExp(`${source}$`, options.ignoreCase ? "vi" : "v");
    }
  }
}

ObjectSetPrototypeOf(Component.prototype, null);

const compileRegExp = (source, flags) => {
  try {
    return new RegExp(source, flags);
  } catch (error) {
    throw new TypeError(`the pattern's regular expression is not valid: ${source}`, { __proto__: null, cause: error });
  }
};

// `encode` makes of a part's text what a URL has in its place.
syntax.compile = (input, encode, options) => {
  const encodeAny = (text) => (text === "" ? "" : encode(text));
  return new Component(parse(input, encodeAny, options), encodeAny, options);
};

const nothing = new List();

// What the groups have captured, in the order of the component's names.
syntax.match = (component, text) => {
  if (component.literal !== undefined) return component.literal === text ? nothing : null;
  const groups = new List();
  if (component.matchesAll) {
    groups.push(text);
    return groups;
  }
  const found = RegExpPrototypeExec(component.regExp, text);
  if (found === null) return null;
  for (let i = 1; i < found.length; i++) groups.push(found[i]);
  return groups;
};

// --- Comparison ----------------------------------------------------------------------------------------

// What allows less comes later: fixed text after a regular expression, that after a segment, that after anything.
const rankOfKind = [3, 2, 1, 0];
const rankOfModifier = { __proto__: null, "*": 0, "?": 1, "+": 2, "": 3 };

const order = (left, right) => (left < right ? -1 : left > right ? 1 : 0);

const compareParts = (left, right) =>
  order(rankOfKind[left.kind], rankOfKind[right.kind]) ||
  order(rankOfModifier[left.modifier], rankOfModifier[right.modifier]) ||
  order(left.prefix, right.prefix) || order(left.value, right.value) || order(left.suffix, right.suffix);

// In the place of a part that is not there.
const noPart = { __proto__: null, kind: FIXED_TEXT, value: "", modifier: "", name: "", prefix: "", suffix: "" };

// -1, 0 or 1: part by part from the left, and names do not count.
syntax.compare = (left, right) => {
  for (let i = 0; i < left.parts.length || i < right.parts.length; i++) {
    const found = compareParts(left.parts[i] ?? noPart, right.parts[i] ?? noPart);
    if (found !== 0) return found;
  }
  return 0;
};

// --- Generation ----------------------------------------------------------------------------------------

const cannot = (component, why) => new TypeError(`no text can be made of the pattern '${component.pattern}': ${why}`);

// Of fixed texts and of segments with a value; more is not defined yet.
syntax.generate = (component, values) => {
  let text = "";
  for (let i = 0; i < component.parts.length; i++) {
    const part = component.parts[i];
    if (part.modifier !== "") throw cannot(component, `it has a part with '${part.modifier}'`);
    if (part.kind === FIXED_TEXT) {
      text += part.value;
      continue;
    }
    if (part.kind !== SEGMENT_WILDCARD) throw cannot(component, "it has a part that is neither a text nor a segment");
    const value = values[part.name];
    if (value === undefined) throw cannot(component, `'${part.name}' has no value`);
    const encoded = component.encode(value);
    const { delimiter } = component;
    if (encoded === "" || (delimiter !== "" && StringPrototypeIncludes(encoded, delimiter))) {
      throw cannot(component, `'${part.name}' does not match '${value}'`);
    }
    text += part.prefix + encoded + part.suffix;
  }
  return text;
};
