// TaskSignal, TaskController and TaskPriorityChangeEvent, as the Prioritized Task Scheduling specification defines them:
// signals that say how urgent a task is, and tell when that changes. What becomes of the tasks is in scheduler.js.
//
// For other files, in `internals.taskSignals`: `isTaskSignal(value)` and `priorityOf(signal)`.

const { List, WeakRef, WeakRefPrototypeDeref } = internals.prim;
const { Event, abort, events, webidl } = internals;

const taskSignals = { __proto__: null };
internals.taskSignals = taskSignals;

const TaskPriority = webidl.enumeration("TaskPriority", ["user-blocking", "user-visible", "background"]);

// --- TaskPriorityChangeEvent ---------------------------------------------------------------------------

const TaskPriorityChangeEventInit = webidl.dictionary("TaskPriorityChangeEventInit", [
  { __proto__: null, key: "previousPriority", converter: TaskPriority, required: true },
]);

class TaskPriorityChangeEvent extends Event {
  #previousPriority;
  constructor(type, priorityChangeEventInitDict) {
    const prefix = "Failed to construct 'TaskPriorityChangeEvent'";
    webidl.requiredArguments(arguments.length, 2, prefix);
    super(type, priorityChangeEventInitDict);
    this.#previousPriority = TaskPriorityChangeEventInit(priorityChangeEventInitDict, prefix, "Argument 2").previousPriority;
  }
  get previousPriority() { return this.#previousPriority; }
}
webidl.exposeInterface(TaskPriorityChangeEvent);

// --- TaskSignal ----------------------------------------------------------------------------------------

const priorityOrSignal = (value, prefix, context) =>
  (taskSignals.isTaskSignal(value) ? value : TaskPriority(value, prefix, context));

const TaskSignalAnyInit = webidl.dictionary("TaskSignalAnyInit", [
  { __proto__: null, key: "priority", converter: priorityOrSignal, defaultValue: () => "user-visible" },
]);

let setPriority;

class TaskSignal extends abort.AbortSignal {
  #priority;
  #isChanging = false;
  // Of a signal made of others: whose priority it has, if that can change.
  #isDependent = false;
  #source = undefined;
  // The signals that have this one's priority. They know each other weakly one way only, so that a source that lives long
  // does not collect all that was ever made of it.
  #followers = undefined;
  #pruneAt = 16;

  constructor(key = undefined, priority = "user-visible") {
    super(key);
    this.#priority = priority;
  }

  get priority() { return this.#priority; }

  static any(signals, init = undefined) {
    const prefix = "Failed to execute 'any' on 'TaskSignal'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    const sources = abort.toSignals(signals, prefix, "Argument 1");
    const { priority } = TaskSignalAnyInit(init, prefix, "Argument 2");
    const result = abort.dependent(sources, new TaskSignal(webidl.illegal));
    result.#isDependent = true;
    if (typeof priority === "string") {
      result.#priority = priority;
    } else {
      result.#priority = priority.#priority;
      const source = priority.#isDependent ? priority.#source : priority;
      if (source !== undefined) result.#follow(source);
    }
    return result;
  }

  #follow(source) {
    this.#source = source;
    if (source.#followers === undefined) source.#followers = new List();
    if (source.#followers.length >= source.#pruneAt) {
      source.#followers = source.#liveFollowers();
      source.#pruneAt = source.#followers.length * 2 + 16;
    }
    source.#followers.push(new WeakRef(this));
  }

  #liveFollowers() {
    const live = new List();
    for (let i = 0; i < this.#followers.length; i++) {
      if (WeakRefPrototypeDeref(this.#followers[i]) !== undefined) live.push(this.#followers[i]);
    }
    return live;
  }

  static {
    taskSignals.isTaskSignal = (value) => webidl.isObject(value) && #priority in value;
    taskSignals.priorityOf = (signal) => signal.#priority;

    setPriority = (signal, priority, prefix) => {
      if (signal.#isChanging) {
        throw internals.domException(`${prefix}: the priority is being changed already`, "NotAllowedError");
      }
      const previousPriority = signal.#priority;
      if (previousPriority === priority) return;
      signal.#isChanging = true;
      try {
        signal.#priority = priority;
        events.dispatch(signal, new TaskPriorityChangeEvent("prioritychange", { __proto__: null, previousPriority }));
        const followers = signal.#followers?.copy();
        for (let i = 0; followers !== undefined && i < followers.length; i++) {
          const follower = WeakRefPrototypeDeref(followers[i]);
          if (follower !== undefined) setPriority(follower, priority, prefix);
        }
      } finally {
        signal.#isChanging = false;
      }
    };
  }
}
events.defineHandler(TaskSignal.prototype, "onprioritychange", "prioritychange");
webidl.exposeInterface(TaskSignal);

// --- TaskController ------------------------------------------------------------------------------------

const TaskControllerInit = webidl.dictionary("TaskControllerInit", [
  { __proto__: null, key: "priority", converter: TaskPriority, defaultValue: () => "user-visible" },
]);

class TaskController extends abort.AbortController {
  #signal;

  constructor(init = undefined) {
    const { priority } = TaskControllerInit(init, "Failed to construct 'TaskController'", "Argument 1");
    const signal = new TaskSignal(webidl.illegal, priority);
    super(webidl.illegal, signal);
    this.#signal = signal;
  }

  setPriority(priority) {
    const signal = this.#signal;
    const prefix = "Failed to execute 'setPriority' on 'TaskController'";
    webidl.requiredArguments(arguments.length, 1, prefix);
    setPriority(signal, TaskPriority(priority, prefix, "Argument 1"), prefix);
  }
}
webidl.exposeInterface(TaskController);
