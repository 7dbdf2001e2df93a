// What all scripts of checks have in common: assertions, and the handler that runs the script's `checks`, an object of
// functions by the sentence that each of them checks. It comes before the script in one module.

const show = (value) => {
  try {
    return `${typeof value} ${JSON.stringify(value) ?? String(value)}`;
  } catch {
    return String(value);
  }
};

function equal(found, expected, what = "") {
  if (show(found) !== show(expected)) throw new Error(`${what} expected ${show(expected)}, found ${show(found)}`);
}

const wrongly = (name, error, what) => new Error(`${what} expected a ${name}, found ${error.name}: ${error.message}`);

function throws(name, run, what = "") {
  try {
    run();
  } catch (error) {
    if (error.name !== name) throw wrongly(name, error, what);
    return error;
  }
  throw new Error(`${what} expected a ${name}, nothing was thrown`);
}

async function rejects(name, promise, what = "") {
  try {
    await promise;
  } catch (error) {
    if (error.name !== name) throw wrongly(name, error, what);
    return error;
  }
  throw new Error(`${what} expected a ${name}, nothing was rejected`);
}

// What the host has given to the checks.
let given;

export default {
  async task({ payload }) {
    given = payload;
    const failures = [];
    const names = Object.keys(checks);
    for (const name of names) {
      try {
        await checks[name]();
      } catch (error) {
        failures.push(`${name}: ${error.message}\n${error.stack}`);
      }
    }
    return { checks: names.length, failures };
  },
};
